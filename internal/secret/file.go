package secret

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// FileName is the key file in the data directory. Backups leave it out: who has the database must not have the key.
const FileName = "secret.key"

// Load returns the keyring of an installation: from the setting (keys separated by commas, the sealing one first,
// older ones after it while they are being rotated out), or else from the key file, which is made, readable by its
// owner only, where there is none.
func Load(dataDir, setting string) (*Keyring, error) {
	if setting != "" {
		var secrets [][]byte
		for part := range strings.SplitSeq(setting, ",") {
			if part = strings.TrimSpace(part); part != "" {
				secrets = append(secrets, []byte(part))
			}
		}
		return NewKeyring(secrets...)
	}
	path := filepath.Join(dataDir, FileName)
	secrets, err := readKeys(path)
	if errors.Is(err, fs.ErrNotExist) {
		if secrets, err = createKeys(dataDir, path); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	return NewKeyring(secrets...)
}

// AddKey puts a new sealing key before those of the key file and returns the keyring with it. Values under the older
// keys still open; once all are sealed again, DropOldKeys forgets those keys.
func AddKey(dataDir string) (*Keyring, error) {
	path := filepath.Join(dataDir, FileName)
	old, err := readKeys(path)
	if err != nil {
		return nil, err
	}
	secrets := append([][]byte{newSecret()}, old...)
	if err := writeKeys(path, secrets); err != nil {
		return nil, err
	}
	return NewKeyring(secrets...)
}

// DropOldKeys removes all but the sealing key from the key file.
func DropOldKeys(dataDir string) error {
	path := filepath.Join(dataDir, FileName)
	secrets, err := readKeys(path)
	if err != nil {
		return err
	}
	return writeKeys(path, secrets[:1])
}

func newSecret() []byte {
	s := make([]byte, 32)
	_, _ = rand.Read(s) // never fails
	return s
}

// readKeys reads one key in base64 a line. A file that others can read is refused: the key may have leaked.
func readKeys(path string) ([][]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("secret key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("secret key file %s is readable by others (mode %04o); run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("secret key file: %w", err)
	}
	var secrets [][]byte
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		s, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			return nil, fmt.Errorf("secret key file %s: a line is not a key; restore the file from where it is kept", path)
		}
		secrets = append(secrets, s)
	}
	if len(secrets) == 0 {
		return nil, fmt.Errorf("secret key file %s is empty; restore it, or delete it to have a new one made (stored credentials must then be entered again)", path)
	}
	return secrets, nil
}

// createKeys makes the first key. Of two processes that start together one makes it, by linking the finished file into
// place, and the other reads it.
func createKeys(dataDir, path string) ([][]byte, error) {
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return nil, fmt.Errorf("secret key file: %w", err)
	}
	temporary, err := writeTemporary(path, [][]byte{newSecret()})
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(temporary) }()
	if err := os.Link(temporary, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("secret key file: %w", err)
	}
	return readKeys(path)
}

func writeKeys(path string, secrets [][]byte) error {
	temporary, err := writeTemporary(path, secrets)
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		_ = os.Remove(temporary)
		return fmt.Errorf("secret key file: %w", err)
	}
	return nil
}

// writeTemporary writes the keys, synced, to a file beside path that only its owner can read.
func writeTemporary(path string, secrets [][]byte) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), FileName+".*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("secret key file: %w", err)
	}
	var lines strings.Builder
	for _, s := range secrets {
		lines.WriteString(base64.StdEncoding.EncodeToString(s))
		lines.WriteByte('\n')
	}
	_, err = f.WriteString(lines.String())
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		_ = os.Remove(f.Name())
		return "", fmt.Errorf("secret key file: %w", err)
	}
	return f.Name(), nil
}
