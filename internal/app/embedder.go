package app

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/confluence"
	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/embedding/openai"
	"github.com/sluicehq/sluice/internal/embedding/uselite"
	"github.com/sluicehq/sluice/internal/metrics"
	"github.com/sluicehq/sluice/internal/observe"
	"github.com/sluicehq/sluice/internal/outbound"
)

// newEmbedder returns the embedder of the settings. Its address is the operator's word, so it may be a private one.
func newEmbedder(cfg config.Config, log *slog.Logger) (embedding.Embedder, error) {
	if cfg.Embedder == config.EmbedderBuiltin {
		return uselite.New(uselite.Options{})
	}
	client, err := outbound.NewClient(outbound.Options{AllowPrivate: true, CAFile: cfg.CAFile})
	if err != nil {
		return nil, err
	}
	embedder, err := openai.New(openai.Options{
		URL: cfg.EmbedderURL, APIKey: cfg.EmbedderAPIKey, Model: cfg.EmbedderModel, Dimensions: cfg.EmbedderDimensions, Client: client, Logger: log,
	})
	if err != nil {
		return nil, fmt.Errorf("embedder: %w", err)
	}
	return embedder, nil
}

// NewEmbedder returns the embedder of the settings alone, for commands that need nothing else.
func NewEmbedder(cfg config.Config, log *slog.Logger) (embedding.Embedder, error) {
	return newEmbedder(cfg, log)
}

// sites are the clients of Confluence sites, which share what they know of each site's limits. Those of forms give up
// soon, because a person waits; those of syncs are patient.
type sites struct{ syncs, forms *confluence.Pool }

// formTries is how often a request of a form is sent.
const formTries = 2

func newSites(cfg config.Config, build Build, m *metrics.Metrics, traces *observe.Traces, log *slog.Logger) (sites, error) {
	client, err := outbound.NewClient(outbound.Options{AllowPrivate: cfg.AllowPrivateAddresses, CAFile: cfg.CAFile})
	if err != nil {
		return sites{}, err
	}
	counted := *client
	counted.Transport = traces.Transport(m.Transport(transportOf(client)))
	patient := confluence.Options{HTTP: &counted, Concurrency: cfg.SyncConcurrency, UserAgent: "sluice/" + build.Version, Logger: log}
	impatient := patient
	impatient.Tries = formTries
	return sites{syncs: confluence.NewPool(patient), forms: confluence.NewPool(impatient)}, nil
}

func transportOf(c *http.Client) http.RoundTripper {
	if c.Transport == nil {
		return http.DefaultTransport
	}
	return c.Transport
}
