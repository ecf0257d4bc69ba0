package stack

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const dendriteModule = "github.com/element-hq/dendrite"

// dendrite builds Dendrite inside its directory of the module cache: go install with a version would ask the proxy for
// the list of versions, which some proxies refuse.
func (in *installer) dendrite(ctx context.Context) (string, error) {
	dir, err := in.ensure(ctx, "dendrite-"+DendriteVersion, "one to five minutes", func(ctx context.Context, dir string) error {
		env := []string{"GOFLAGS=", "GOWORK=off"}
		out, err := in.output(ctx, dir, env, "go", "mod", "download", "-json", dendriteModule+"@"+DendriteVersion)
		if err != nil {
			return err
		}
		var module struct{ Dir string }
		if err := json.Unmarshal([]byte(out), &module); err != nil {
			return fmt.Errorf("read answer of go mod download: %w", err)
		}
		return in.command(ctx, module.Dir, env, "go", "build", "-trimpath", "-o", filepath.Join(dir, "dendrite"), "./cmd/dendrite")
	})
	return filepath.Join(dir, "dendrite"), err
}

func (r *runner) launchDendrite() (*process, error) {
	dir := r.state.path("dendrite")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("configure dendrite: %w", err)
	}
	key := filepath.Join(dir, "matrix_key.pem")
	if _, err := os.Stat(key); errors.Is(err, os.ErrNotExist) {
		block := &pem.Block{
			Type:    "MATRIX PRIVATE KEY",
			Headers: map[string]string{"Key-ID": "ed25519:" + randomHex(3)},
			Bytes:   randomBytes(32),
		}
		if err := writeFile(key, pem.EncodeToMemory(block)); err != nil {
			return nil, err
		}
	}
	file := filepath.Join(dir, "dendrite.yaml")
	if err := writeJSON(file, dendriteConfig(dir, r.state.saved.Names[Dendrite], r.state.saved.Secret)); err != nil {
		return nil, err
	}
	listen := fmt.Sprintf("127.0.0.1:%d", r.state.saved.Ports[Dendrite])
	return r.launch(Dendrite, dir, nil, r.installed.dendrite, "-config", file, "-http-bind-address", listen)
}

// dendriteConfig is dendrite.yaml. It is written as JSON, which is YAML.
func dendriteConfig(dir, name, secret string) map[string]any {
	database := func(component string) map[string]any {
		return map[string]any{
			"connection_string": "file:" + filepath.Join(dir, component+".db"),
			"max_open_conns":    10,
			"max_idle_conns":    2,
			"conn_max_lifetime": -1,
		}
	}
	return map[string]any{
		"version": 2,
		"global": map[string]any{
			"server_name": name, "private_key": filepath.Join(dir, "matrix_key.pem"), "key_validity_period": "168h0m0s",
			"trusted_third_party_id_servers": []any{},
			"presence":                       map[string]any{"enable_inbound": true, "enable_outbound": true},
			"report_stats":                   map[string]any{"enabled": false},
			"jetstream":                      map[string]any{"storage_path": filepath.Join(dir, "jetstream"), "in_memory": true},
			"cache":                          map[string]any{"max_size_estimated": "128mb", "max_age": "1h"},
		},
		"app_service_api": map[string]any{"config_files": []any{}},
		"client_api": map[string]any{
			"registration_disabled": true, "registration_shared_secret": secret, "guests_disabled": true,
			"rate_limiting": map[string]any{"enabled": false},
		},
		"federation_api": map[string]any{
			"database": database("federation"), "disable_tls_validation": true, "key_perspectives": []any{},
			"send_max_retries": 4, "deny_networks": []any{}, "allow_networks": []string{"127.0.0.0/8", "::1/128"},
		},
		"key_server": map[string]any{"database": database("keys")},
		"media_api": map[string]any{
			"database": database("media"), "base_path": filepath.Join(dir, "media"), "max_file_size_bytes": 50 << 20,
			"max_thumbnail_generators": 4,
		},
		"mscs":        map[string]any{"mscs": []any{}, "database": database("mscs")},
		"relay_api":   map[string]any{"database": database("relay")},
		"room_server": map[string]any{"database": database("rooms"), "default_room_version": "11"},
		"sync_api": map[string]any{
			"database": database("sync"), "search": map[string]any{"enabled": true, "in_memory": true, "index_path": filepath.Join(dir, "search")},
		},
		"user_api": map[string]any{
			"account_database": database("accounts"), "bcrypt_cost": 4, "openid_token_lifetime_ms": 3600000,
		},
		"logging": []any{map[string]any{"type": "std", "level": "warn"}},
	}
}
