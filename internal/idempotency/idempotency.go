// Package idempotency lets a request be done once although it is sent more than once: the first one claims a key that
// the client chose, and its answer is kept for a day for those that repeat it. Answers are sealed, because some of them
// hold a secret that is shown once.
package idempotency

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// Lifetime is how long an answer is kept.
const Lifetime = 24 * time.Hour

// abandoned is after how long a claim without an answer may be taken over: its process has died.
const abandoned = 5 * time.Minute

// MaxKey is how long a key may be.
const MaxKey = 200

// ErrReused: the key belongs to a request with another content.
var ErrReused = errors.New("the idempotency key was used for another request")

// ErrUnderWay: the request with this key is being served right now.
var ErrUnderWay = fmt.Errorf("the request with this idempotency key is being served; ask again in a moment: %w", wiki.ErrConflict)

// ErrUnreadable: the request was served, but the secret key that its answer is sealed with is gone.
var ErrUnreadable = fmt.Errorf("the request with this idempotency key was done, but its answer cannot be read any more; look whether it had its effect before you send it with another key: %w", wiki.ErrConflict)

// Answer is what was answered.
type Answer struct {
	Status      int    `json:"status"`
	ContentType string `json:"content_type"`
	Location    string `json:"location,omitempty"`
	Body        []byte `json:"body"`
}

// Kept is a stored claim; Answer is nil while the request is being served.
type Kept struct {
	Hash   []byte
	Answer []byte // sealed
}

// Store keeps claims by user and key.
type Store interface {
	// ClaimKey notes the claim unless there is one from after expired that has an answer or is from after abandoned.
	ClaimKey(ctx context.Context, userID, key string, hash []byte, now, abandoned, expired time.Time) (bool, error)
	Key(ctx context.Context, userID, key string) (Kept, error)
	AnswerKey(ctx context.Context, userID, key string, status int, sealed []byte) error
	ReleaseKey(ctx context.Context, userID, key string) error
}

// Sealer encrypts what is stored; *secret.Keyring is one.
type Sealer interface {
	Seal(plain []byte, context string) []byte
	Open(sealed []byte, context string) ([]byte, error)
}

// Service keeps answers. It is safe for concurrent use.
type Service struct {
	store  Store
	sealer Sealer
	log    *slog.Logger
	now    func() time.Time
}

// New returns a Service.
func New(store Store, sealer Sealer, log *slog.Logger) *Service {
	return &Service{store: store, sealer: sealer, log: log, now: time.Now}
}

// Begin claims a key for a request with the given hash. It returns nil where the request is to be served now, and the
// answer where it was served before. Errors: ErrReused, ErrUnderWay, ErrUnreadable.
func (s *Service) Begin(ctx context.Context, userID, key string, hash []byte) (*Answer, error) {
	now := s.now()
	claimed, err := s.store.ClaimKey(ctx, userID, key, hash, now, now.Add(-abandoned), now.Add(-Lifetime))
	if err != nil || claimed {
		return nil, err
	}
	kept, err := s.store.Key(ctx, userID, key)
	if errors.Is(err, wiki.ErrNotFound) { // it failed at this very moment
		return nil, ErrUnderWay
	}
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(kept.Hash, hash) {
		return nil, ErrReused
	}
	if kept.Answer == nil {
		return nil, ErrUnderWay
	}
	plain, err := s.sealer.Open(kept.Answer, sealContext(userID, key))
	if err != nil {
		s.log.WarnContext(ctx, "answer for an idempotency key cannot be opened", "err", err)
		return nil, ErrUnreadable
	}
	var answer Answer
	if err := json.Unmarshal(plain, &answer); err != nil {
		return nil, fmt.Errorf("kept answer: %w", err)
	}
	return &answer, nil
}

// Finish keeps the answer of a claimed request; nil gives the claim back, so that the request may be tried again. It
// outlasts the request, and a failure is only logged: what was done is done.
func (s *Service) Finish(ctx context.Context, userID, key string, answer *Answer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.finish(ctx, userID, key, answer); err != nil {
		s.log.ErrorContext(ctx, "answer for an idempotency key not kept", "err", err)
	}
}

func (s *Service) finish(ctx context.Context, userID, key string, answer *Answer) error {
	if answer == nil {
		return s.store.ReleaseKey(ctx, userID, key)
	}
	plain, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return s.store.AnswerKey(ctx, userID, key, answer.Status, s.sealer.Seal(plain, sealContext(userID, key)))
}

func sealContext(userID, key string) string { return "idempotency/" + userID + "/" + key }
