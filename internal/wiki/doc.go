// Package wiki is the vocabulary of the program: what a Confluence site holds, and the kinds of error every part
// speaks of. It imports nothing of ours, does no I/O, and everything may import it.
package wiki
