package stack

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// synapse installs Synapse into a virtual environment. Wheels only: nothing is compiled.
func (in *installer) synapse(ctx context.Context) (string, error) {
	return in.ensure(ctx, "synapse-"+SynapseVersion, "about a minute", func(ctx context.Context, dir string) error {
		python, err := in.python(ctx)
		if err != nil {
			return err
		}
		if err := in.command(ctx, dir, nil, python, "-m", "venv", filepath.Join(dir, "venv")); err != nil {
			return err
		}
		pip := []string{"-m", "pip", "install", "--quiet", "--only-binary=:all:", "matrix-synapse==" + SynapseVersion}
		env := []string{"PIP_DISABLE_PIP_VERSION_CHECK=1"}
		return in.command(ctx, dir, env, filepath.Join(dir, "venv", "bin", "python"), pip...)
	})
}

// launchSynapse writes the configuration and starts the homeserver. Secrets are in the file, not in the arguments.
func (r *runner) launchSynapse(transport string) (*process, error) {
	dir := r.state.path("synapse")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("configure synapse: %w", err)
	}
	key := filepath.Join(dir, "signing.key")
	if _, err := os.Stat(key); errors.Is(err, os.ErrNotExist) {
		line := "ed25519 a_" + randomHex(3) + " " + base64.RawStdEncoding.EncodeToString(randomBytes(32)) + "\n"
		if err := writeFile(key, []byte(line)); err != nil {
			return nil, err
		}
	}
	logs := filepath.Join(dir, "log.yaml")
	if err := writeJSON(logs, synapseLogging()); err != nil {
		return nil, err
	}
	port, name := r.state.saved.Ports[Synapse], r.state.saved.Names[Synapse]
	config := synapseConfig(dir, name, port, r.state.saved.Secret, transport)
	if r.o.Bare {
		for _, part := range []string{"push", "presence", "stats", "user_directory"} {
			config[part] = map[string]any{"enabled": false}
		}
	}
	if err := writeJSON(filepath.Join(dir, "homeserver.yaml"), config); err != nil {
		return nil, err
	}
	python := filepath.Join(r.installed.synapse, "venv", "bin", "python")
	return r.launch(Synapse, dir, []string{"PYTHONUNBUFFERED=1"}, python,
		"-m", "synapse.app.homeserver", "-c", filepath.Join(dir, "homeserver.yaml"))
}

// synapseConfig is homeserver.yaml. It is written as JSON, which is YAML.
func synapseConfig(dir, name string, port int, secret, transport string) map[string]any {
	url := fmt.Sprintf("http://127.0.0.1:%d/", port)
	config := map[string]any{
		"server_name": name, "public_baseurl": url, "serve_server_wellknown": false, "report_stats": false,
		"pid_file": filepath.Join(dir, "synapse.pid"), "log_config": filepath.Join(dir, "log.yaml"),
		"signing_key_path": filepath.Join(dir, "signing.key"), "trusted_key_servers": []any{},
		"listeners": []any{map[string]any{
			"port": port, "type": "http", "tls": false, "bind_addresses": []string{"127.0.0.1"}, "x_forwarded": false,
			"resources": []any{map[string]any{"names": []string{"client", "federation", "openid", "media"}, "compress": false}},
		}},
		"database": map[string]any{
			"name": "sqlite3", "args": map[string]any{"database": filepath.Join(dir, "homeserver.db")},
		},
		"media_store_path": filepath.Join(dir, "media"), "max_upload_size": "50M", "enable_authenticated_media": true,
		"registration_shared_secret": secret, "macaroon_secret_key": secret + "m", "form_secret": secret + "f",
		"bcrypt_rounds": 4, "enable_registration": false, "suppress_key_server_warning": true,
		"user_directory":           map[string]any{"search_all_users": true},
		"max_event_delay_duration": "24h",
		"experimental_features": map[string]any{
			"msc3266_enabled": true, "msc4143_enabled": true, "msc4222_enabled": true, "msc4354_enabled": true,
		},
	}
	if transport != "" {
		focus := []any{map[string]any{"type": "livekit", "livekit_service_url": transport}}
		config["matrix_rtc"] = map[string]any{"transports": focus}
		config["extra_well_known_client_content"] = map[string]any{"org.matrix.msc4143.rtc_foci": focus}
	}
	raiseLimits(config)
	return config
}

// raiseLimits takes away every rate limit: tests that want one put it in with a proxy.
func raiseLimits(config map[string]any) {
	limit := map[string]any{"per_second": 100000, "burst_count": 100000}
	for _, name := range []string{
		"rc_message", "rc_registration", "rc_registration_token_validity", "rc_admin_redaction", "rc_joins_per_room",
		"rc_key_requests", "rc_3pid_validation", "rc_third_party_invite", "rc_media_create", "rc_delayed_event_mgmt",
		"rc_room_creation", "rc_reports", "rc_user_directory", "rc_profile",
	} {
		config[name] = limit
	}
	config["rc_login"] = map[string]any{"address": limit, "account": limit, "failed_attempts": limit}
	config["rc_joins"] = map[string]any{"local": limit, "remote": limit}
	config["rc_invites"] = map[string]any{"per_room": limit, "per_user": limit, "per_issuer": limit}
	config["rc_presence"] = map[string]any{"per_user": limit}
}

func synapseLogging() map[string]any {
	return map[string]any{
		"version": 1,
		"formatters": map[string]any{
			"line": map[string]any{"format": "%(asctime)s %(levelname)s %(name)s %(request)s %(message)s"},
		},
		"handlers": map[string]any{
			"console": map[string]any{"class": "logging.StreamHandler", "formatter": "line"},
		},
		"root":                     map[string]any{"level": "WARNING", "handlers": []string{"console"}},
		"disable_existing_loggers": false,
	}
}

func writeJSON(path string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return writeFile(path, append(data, '\n'))
}
