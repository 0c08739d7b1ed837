// Package schedule decides when sources are synced, and by whom. Due times, runs and their states are rows of our own;
// River, a job queue in the same database, brings queued runs to the workers, whichever process they are in.
//
// A run is queued once per source (the schema allows one open run), and belongs to the worker that claimed it for as
// long as that worker writes its progress. A worker that shuts down gives its run back; one that dies is found out by its
// silence, its run is closed as interrupted and queued again. So a job that is delivered twice, or lost, does no harm:
// only one worker can claim a run, and a queued run whose job got lost is given another.
package schedule
