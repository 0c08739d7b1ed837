// Package spacesync brings one source up to date: after Run the store equals what the account may see of the space, as
// of the new watermark.
//
// There are two ways to find out what changed. The change feed (CQL with a time that the server evaluates, and beside
// it the store-backed listing by modification date, which has no index lag) finds edits. The comparison, a complete
// listing against the store, finds what no date tells: deletions, moves, renamed ancestors, labels, restrictions,
// restored and imported pages. A first sync is a comparison with an empty store. Only a comparison deletes, and a guard
// stands before it.
//
// The order of writes makes every crash harmless: pages first, then deletions, the watermark last. What is repeated is
// cheap, because a stored page whose version is still the same is not fetched again.
package spacesync
