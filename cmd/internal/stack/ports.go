package stack

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// freePort returns a TCP port of 127.0.0.1 that nobody listens on: want if it is free, else one the kernel picks.
func freePort(want int) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(want)))
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

// freeUDPRange returns the first of n UDP ports in a row that are free on 127.0.0.1.
func freeUDPRange(n int) (int, error) {
	for range 200 {
		first := 40000 + rand.IntN(20000)
		if udpRangeFree(first, n) {
			return first, nil
		}
	}
	return 0, fmt.Errorf("find %d free UDP ports in a row: none between 40000 and 60000", n)
}

func udpRangeFree(first, n int) bool {
	for port := first; port < first+n; port++ {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err != nil {
			return false
		}
		if c.Close() != nil {
			return false
		}
	}
	return true
}

// answers is a health probe: the URL gives 200.
func answers(url string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_ = resp.Body.Close() // only the status matters
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("GET %s: %s", url, resp.Status)
		}
		return nil
	}
}
