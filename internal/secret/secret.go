// Package secret seals what must be read back but never leak, such as Confluence tokens, for storage in the database:
// XChaCha20-Poly1305 under a key that is not in the database. A key has an id that every sealed value carries, so that
// keys can be rotated while values under the old one are still readable.
package secret

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	formatVersion = 1
	idBytes       = 4
	headerBytes   = 1 + idBytes + chacha20poly1305.NonceSizeX
)

// ErrKey: the value was sealed with a key that is not in the keyring.
var ErrKey = errors.New("sealed with another secret key")

// ErrDamaged: the value is no sealed value, was changed, or belongs elsewhere.
var ErrDamaged = errors.New("sealed value is damaged")

type key struct {
	id     [idBytes]byte
	secret []byte
}

// Keyring seals with its first key and opens with any. It is safe for concurrent use and never prints a key.
type Keyring struct {
	keys []key
}

// NewKeyring returns a keyring over the given secrets, the sealing one first. Each is stretched to a key, so any text
// or bytes with enough randomness will do.
func NewKeyring(secrets ...[]byte) (*Keyring, error) {
	if len(secrets) == 0 {
		return nil, errors.New("no secret key")
	}
	ring := &Keyring{}
	for _, s := range secrets {
		if len(s) < 16 {
			return nil, errors.New("a secret key has at least 16 bytes")
		}
		derived, err := hkdf.Key(sha256.New, s, nil, "sluice seal", chacha20poly1305.KeySize)
		if err != nil {
			return nil, fmt.Errorf("derive key: %w", err)
		}
		sum := sha256.Sum256(derived)
		k := key{secret: derived}
		copy(k.id[:], sum[:])
		ring.keys = append(ring.keys, k)
	}
	return ring, nil
}

// String hides the keys from logs.
func (r *Keyring) String() string {
	return fmt.Sprintf("%d secret keys, sealing with %s", len(r.keys), r.CurrentID())
}

// GoString hides the keys from debugging output.
func (r *Keyring) GoString() string { return r.String() }

// CurrentID returns the id of the key that seals, 8 hexadecimal digits. It says nothing about the key.
func (r *Keyring) CurrentID() string { return hex.EncodeToString(r.keys[0].id[:]) }

// Derive returns 32 bytes for another purpose, which depend on the sealing key and tell nothing about it.
func (r *Keyring) Derive(purpose string) []byte {
	derived, err := hkdf.Key(sha256.New, r.keys[0].secret, nil, "sluice derive "+purpose, 32)
	if err != nil {
		panic("hkdf of 32 bytes: " + err.Error()) // the length is within SHA-256's limit
	}
	return derived
}

// Seal encrypts plain. The value opens only with the same context, which says what it belongs to (such as
// "connection/ID"), so that a sealed value moved to another row is worth nothing.
func (r *Keyring) Seal(plain []byte, context string) []byte {
	k := r.keys[0]
	sealed := make([]byte, headerBytes, headerBytes+len(plain)+chacha20poly1305.Overhead)
	sealed[0] = formatVersion
	copy(sealed[1:], k.id[:])
	nonce := sealed[1+idBytes : headerBytes]
	_, _ = rand.Read(nonce) // never fails
	return newAEAD(k).Seal(sealed, nonce, plain, []byte(context))
}

// Open decrypts what Seal made with the same context. It returns ErrKey where the key is missing, ErrDamaged where the
// value or the context is not the one that was sealed.
func (r *Keyring) Open(sealed []byte, context string) ([]byte, error) {
	if len(sealed) < headerBytes+chacha20poly1305.Overhead || sealed[0] != formatVersion {
		return nil, ErrDamaged
	}
	for _, k := range r.keys {
		if [idBytes]byte(sealed[1:1+idBytes]) != k.id {
			continue
		}
		plain, err := newAEAD(k).Open(nil, sealed[1+idBytes:headerBytes], sealed[headerBytes:], []byte(context))
		if err != nil {
			return nil, ErrDamaged
		}
		return plain, nil
	}
	return nil, fmt.Errorf("%w (key %s)", ErrKey, hex.EncodeToString(sealed[1:1+idBytes]))
}

// Outdated reports whether a sealed value should be sealed again: its key is not the sealing one.
func (r *Keyring) Outdated(sealed []byte) bool {
	return len(sealed) < headerBytes || [idBytes]byte(sealed[1:1+idBytes]) != r.keys[0].id
}

// Reseal opens a value with whichever key fits and seals it with the present one.
func (r *Keyring) Reseal(sealed []byte, context string) ([]byte, error) {
	plain, err := r.Open(sealed, context)
	if err != nil {
		return nil, err
	}
	return r.Seal(plain, context), nil
}

func newAEAD(k key) cipher.AEAD {
	aead, err := chacha20poly1305.NewX(k.secret)
	if err != nil {
		panic("xchacha20 key: " + err.Error()) // derived with the right length
	}
	return aead
}
