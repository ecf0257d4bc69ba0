package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"hubbub/matrix"
	"hubbub/store/chat"
	"hubbub/ui/words"
)

// maxKeyFile is the largest file of keys that is read into memory, in bytes.
const maxKeyFile = 256 << 20

func (r *root) keys() *cobra.Command {
	backup := group(&cobra.Command{Use: "backup", Short: words.CLIBackupShort})
	backup.AddCommand(r.backupStatus(), r.backupRestore())
	cmd := group(&cobra.Command{Use: "keys", Short: words.CLIKeysShort})
	cmd.AddCommand(backup, r.exportKeys(), r.importKeys())
	return cmd
}

// noBackupError says why nothing can be restored: exit code 1.
type noBackupError struct{ text string }

// Error implements error.
func (e *noBackupError) Error() string { return e.text }

func (*noBackupError) exitCode() int { return exitFailure }

// backupLine is the key backup as `keys backup status --json` prints it.
type backupLine struct {
	State   string `json:"state"`
	Version string `json:"version,omitempty"`
	Saved   int    `json:"saved"`
	Total   int    `json:"total"`
	Problem string `json:"problem,omitempty"`
}

func (r *root) backupStatus() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: words.CLIBackupStatusShort, Args: usage(cobra.NoArgs),
		RunE: r.with(func(cmd *cobra.Command, _ []string) error {
			return r.headless(cmd.Context(), func(ctx context.Context, c *matrix.Client) error {
				t, err := settled(ctx, c)
				if err != nil {
					return err
				}
				b := &t.Backup
				if !asJSON {
					return r.say(words.CLIBackup(b))
				}
				line := backupLine{State: backupWord(b.State), Version: b.Version, Saved: b.Saved, Total: b.Total}
				if b.Problem != nil {
					line.Problem = b.Problem.Kind.String()
				}
				return r.json(line)
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, words.CLIFlagJSON)
	return cmd
}

// backupWord is a stable word for --json.
func backupWord(s chat.BackupState) string {
	return [...]string{"unknown", "none", "no_key", "untrusted", "unsupported", "on", "failed"}[s]
}

// connectLimit is how long a command waits for the homeserver to tell how the account is set up.
const connectLimit = 15 * time.Second

// settled waits until it is known how the account is set up. What is known
// after a while stands; the error says that the homeserver cannot be asked.
func settled(ctx context.Context, c *matrix.Client) (chat.Trust, error) {
	feed := c.Store().Subscribe()
	defer c.Store().Unsubscribe(feed)
	limited, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	if err := online(limited, c); err != nil {
		return chat.Trust{}, err
	}
	t, err := c.Trust().Trust(ctx)
	for err == nil && (t.Backup.State == chat.BackupUnknown || t.Identity == chat.IdentityUnknown) {
		select {
		case <-limited.Done():
			return t, ctx.Err()
		case <-feed.Wait():
		}
		set, next := feed.Next(limited)
		if err = next; err == nil && set.Trust != nil {
			t = *set.Trust
		}
	}
	return t, err
}

func (r *root) backupRestore() *cobra.Command {
	return &cobra.Command{
		Use: "restore", Short: words.CLIBackupRestoreShort, Args: usage(cobra.NoArgs),
		RunE: r.with(func(cmd *cobra.Command, _ []string) error {
			return r.headless(cmd.Context(), func(ctx context.Context, c *matrix.Client) error {
				t, err := settled(ctx, c)
				if err != nil {
					return err
				}
				if s := t.Backup.State; s != chat.BackupOn && s != chat.BackupFailed {
					return &noBackupError{words.CLIBackup(&t.Backup) + "."}
				}
				n, err := c.Trust().RestoreBackup(ctx)
				if err != nil {
					return err
				}
				return r.say(words.CLIRestored(n))
			})
		}),
	}
}

func (r *root) exportKeys() *cobra.Command {
	return &cobra.Command{
		Use: "export FILE", Short: words.CLIExportShort, Long: words.CLIExportLong, Args: usage(cobra.ExactArgs(1)),
		RunE: r.with(func(cmd *cobra.Command, args []string) error {
			if _, err := os.Lstat(args[0]); err == nil {
				return &usageError{words.CLIFileThere}
			}
			secret, err := r.newPhrase(cmd.Context())
			if err != nil {
				return err
			}
			return r.headless(cmd.Context(), func(ctx context.Context, c *matrix.Client) error {
				file, err := c.Trust().ExportKeys(ctx, secret)
				if err != nil {
					return err
				}
				if err := writePrivate(args[0], file); err != nil {
					return err
				}
				return r.say(words.CLIWrote(args[0]))
			})
		}),
	}
}

// leastPhrase is how many characters a passphrase must have: whoever gets hold of the file may guess for years.
const leastPhrase = 12

// newPhrase reads a new passphrase: twice at a terminal, where nobody sees what is typed.
func (r *root) newPhrase(ctx context.Context) (chat.Secret, error) {
	in := r.lines()
	secret, err := r.secret(ctx, in, words.CLIAskNewPhrase, words.CLINoSecret)
	if err != nil {
		return "", err
	}
	switch {
	case utf8.RuneCountInString(string(secret)) < leastPhrase:
		return "", &usageError{words.PhraseWeak}
	case !isTerminal(r.streams.In):
		return secret, nil
	}
	again, err := r.secret(ctx, in, words.CLIAskPhraseAgain, words.CLIPhrasesDiffer)
	if err == nil && again != secret {
		err = &usageError{words.CLIPhrasesDiffer}
	}
	return secret, err
}

// writePrivate writes a file that only its owner may read. One that exists is left alone; half a file is removed.
func writePrivate(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return &usageError{words.CLIFileThere}
	} else if err != nil {
		return fileProblem(err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fileProblem(err), os.Remove(path))
	}
	return nil
}

// fileProblem says what is wrong with a file that the person named.
func fileProblem(err error) error {
	detail := err.Error()
	var path *fs.PathError
	if errors.As(err, &path) {
		detail = fmt.Sprintf("%s: %v", path.Path, path.Err)
	}
	return &chat.Problem{Kind: chat.ProblemBadInput, Detail: detail, Err: err}
}

func (r *root) importKeys() *cobra.Command {
	return &cobra.Command{
		Use: "import FILE", Short: words.CLIImportShort, Long: words.CLIImportLong, Args: usage(cobra.ExactArgs(1)),
		RunE: r.with(func(cmd *cobra.Command, args []string) error {
			file, err := readFile(args[0], maxKeyFile)
			if err != nil {
				return err
			}
			secret, err := r.secret(cmd.Context(), r.lines(), words.CLIAskPassphrase, words.CLINoSecret)
			if err != nil {
				return err
			}
			return r.headless(cmd.Context(), func(ctx context.Context, c *matrix.Client) error {
				n, total, err := c.Trust().ImportKeys(ctx, file, secret)
				if err != nil {
					return err
				}
				return r.say(words.CLIImported(n, total))
			})
		}),
	}
}

// readFile reads an ordinary file of at most so many bytes. A device or a pipe might never end.
func readFile(path string, most int64) ([]byte, error) {
	stat, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fileProblem(err)
	case !stat.Mode().IsRegular():
		return nil, &usageError{words.CLINotAFile}
	case stat.Size() > most:
		return nil, &usageError{words.CLIFileTooLarge}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fileProblem(err)
	}
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fileProblem(err)
	}
	if int64(len(b)) > most {
		return nil, &usageError{words.CLIFileTooLarge}
	}
	return b, nil
}
