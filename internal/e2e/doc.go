// Package e2e holds the tests of the program as a whole, over real parts: PostgreSQL, the simulated Confluence, the
// built-in model, the built binary and a browser. It has no other code.
package e2e
