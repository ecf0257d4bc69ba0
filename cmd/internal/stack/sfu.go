package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"
)

// udpPorts is how many UDP ports the SFU gets for media.
const udpPorts = 100

// livekit installs the SFU. Versions above LiveKitVersion hold replace directives, which go install refuses.
func (in *installer) livekit(ctx context.Context) (string, error) {
	dir, err := in.ensure(ctx, "livekit-"+LiveKitVersion, "one to five minutes", func(ctx context.Context, dir string) error {
		env := []string{"GOBIN=" + dir, "GOFLAGS=", "GOWORK=off"}
		return in.command(ctx, dir, env, "go", "install", "github.com/livekit/livekit-server/cmd/server@"+LiveKitVersion)
	})
	return filepath.Join(dir, "server"), err
}

// startSFU starts LiveKit and the authorisation service before it, and returns the service's address.
func (r *runner) startSFU(ctx context.Context, homeservers map[string]string) (string, error) {
	config, port, err := r.sfuConfig()
	if err != nil {
		return "", err
	}
	file := r.state.path("livekit.yaml")
	if err := writeJSON(file, config); err != nil {
		return "", err
	}
	p, err := r.launch(SFU, r.o.Dir, nil, r.installed.livekit, "--config", file)
	if err != nil {
		return "", err
	}
	sfu := fmt.Sprintf("127.0.0.1:%d", port)
	if err := p.await(ctx, startLimit, answers("http://"+sfu+"/")); err != nil {
		return "", err
	}
	auth := &authService{
		homeservers: homeservers, key: r.state.saved.LiveKitKey, secret: r.state.saved.LiveKitPwd,
		sfuHTTP: "http://" + sfu, sfuWS: "ws://" + sfu,
		client: &http.Client{Timeout: 10 * time.Second}, now: time.Now,
	}
	service, err := r.serveAuth(auth)
	if err != nil {
		return "", err
	}
	r.env["HUBBUB_STACK_SFU"], r.env["HUBBUB_STACK_JWT"] = "ws://"+sfu, service
	r.env["HUBBUB_STACK_SFU_KEY"], r.env["HUBBUB_STACK_SFU_SECRET"] = auth.key, auth.secret
	return service, nil
}

// serveAuth runs the authorisation service in this process until the stack stops.
func (r *runner) serveAuth(auth *authService) (string, error) {
	const piece = Piece("jwt")
	port, err := r.state.port(piece)
	if err != nil {
		return "", err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("listen for the authorisation service: %w", err)
	}
	server := &http.Server{Handler: auth.handler(), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("Authorisation service ended", "error", err)
		}
	}()
	r.closers = append(r.closers, func() {
		_ = server.Close() // its listener is all that could fail to close
		<-ended
	})
	return "http://" + address, nil
}

// sfuConfig is livekit.yaml, and the port it names. A closed loopback port as the only STUN server keeps the SFU from
// handing its clients public ones, which it does for an empty list.
func (r *runner) sfuConfig() (map[string]any, int, error) {
	port, err := r.state.port(SFU)
	if err != nil {
		return nil, 0, err
	}
	tcp, err := freePort(0)
	if err != nil {
		return nil, 0, err
	}
	closed, err := freePort(0)
	if err != nil {
		return nil, 0, err
	}
	udp, err := freeUDPRange(udpPorts)
	if err != nil {
		return nil, 0, err
	}
	return map[string]any{
		"port": port, "bind_addresses": []string{"127.0.0.1"},
		"rtc": map[string]any{
			"tcp_port": tcp, "port_range_start": udp, "port_range_end": udp + udpPorts - 1,
			"use_external_ip": false, "node_ip": "127.0.0.1", "enable_loopback_candidate": true,
			"interfaces":   map[string]any{"includes": []string{"lo"}},
			"ips":          map[string]any{"includes": []string{"127.0.0.1/32"}},
			"stun_servers": []string{fmt.Sprintf("127.0.0.1:%d", closed)},
		},
		"room":    map[string]any{"auto_create": false, "empty_timeout": 300, "departure_timeout": 20},
		"keys":    map[string]any{r.state.saved.LiveKitKey: r.state.saved.LiveKitPwd},
		"logging": map[string]any{"level": "info"},
	}, port, nil
}
