package uitest

import "golang.org/x/sys/unix"

// getTermios is the request that reads the line settings.
const getTermios = unix.TCGETS
