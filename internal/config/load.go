package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// Source tells Load where values come from.
type Source struct {
	// Flags holds the flags that were given, by name.
	Flags map[string]string
	// Getenv reads the environment; os.Getenv outside tests.
	Getenv func(string) string
	// File is the YAML file; empty: SLUICE_CONFIG names it, or there is none.
	File string
}

// Load returns the settings: flag, else environment, else file, else default. All mistakes are reported at once, each
// naming the setting, the value (unless it is a secret) and what is allowed.
func Load(src Source) (Config, error) {
	if src.File == "" {
		src.File = src.Getenv("SLUICE_CONFIG")
	}
	file, err := readFile(src.File)
	if err != nil {
		return Config{}, err
	}
	var cfg Config
	var faults []error
	for _, s := range Settings() {
		value, from, err := src.value(s, file)
		if err == nil {
			err = s.set(&cfg, value)
		}
		if err != nil {
			faults = append(faults, s.fault(value, from, err))
		}
		delete(file, s.key())
	}
	for key := range file {
		faults = append(faults, fmt.Errorf("%s: %q is no setting", src.File, key))
	}
	faults = append(faults, cfg.contradictions()...)
	if len(faults) > 0 {
		return Config{}, errors.Join(faults...)
	}
	return cfg, nil
}

// value finds a setting's value and says where it stood.
func (src Source) value(s Setting, file map[string]string) (value, from string, err error) {
	if v, ok := src.Flags[s.Name]; ok {
		return v, "--" + s.Name, nil
	}
	if v := src.Getenv(s.Env()); v != "" {
		return v, s.Env(), nil
	}
	if path := src.Getenv(s.Env() + "_FILE"); s.Secret && path != "" {
		raw, err := os.ReadFile(path)
		return strings.TrimRight(string(raw), "\r\n"), s.Env() + "_FILE", err
	}
	if v, ok := file[s.key()]; ok {
		return v, s.key() + " in " + src.File, nil
	}
	return s.Default, s.Env(), nil
}

func (s Setting) fault(value, from string, err error) error {
	if s.Secret {
		value = "(not shown)"
	}
	return fmt.Errorf("%s: %q: %w; allowed: %s", from, value, err, s.Allowed)
}

// contradictions are faults that no single setting shows.
func (c Config) contradictions() []error {
	var faults []error
	if c.Embedder == EmbedderOpenAI && (c.EmbedderURL == "" || c.EmbedderModel == "") {
		faults = append(faults, errors.New("SLUICE_EMBEDDER=openai needs SLUICE_EMBEDDER_URL and SLUICE_EMBEDDER_MODEL"))
	}
	if (c.AdminEmail == "") != (c.AdminPassword == "") {
		faults = append(faults, errors.New("SLUICE_ADMIN_EMAIL and SLUICE_ADMIN_PASSWORD go together"))
	}
	return faults
}

// readFile reads the YAML file, a flat map of settings; scalar values of any type are taken as text.
func readFile(path string) (map[string]string, error) {
	if path == "" {
		return map[string]string{}, nil
	}
	raw, err := os.ReadFile(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("configuration file %s does not exist", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration file: %w", err)
	}
	var values map[string]yaml.Node
	if err := yaml.Unmarshal(raw, &values); err != nil {
		return nil, fmt.Errorf("%s is no YAML map of settings: %w", path, err)
	}
	out := make(map[string]string, len(values))
	for key, node := range values {
		switch node.Kind {
		case yaml.ScalarNode:
			out[key] = node.Value
		case yaml.SequenceNode:
			var items []string
			if err := node.Decode(&items); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path, key, err)
			}
			out[key] = strings.Join(items, ",")
		default:
			return nil, fmt.Errorf("%s: %s: a single value or a list is expected", path, key)
		}
	}
	return out, nil
}
