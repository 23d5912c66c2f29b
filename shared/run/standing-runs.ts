/**
 * SQL of the runs that stand: for each source the one whose result readers see. It is the run of the newest version of the
 * file, and of several runs of that version (the file was replayed, or its contract was changed) the one that finished
 * last. A run that came too late (`superseded`) never stands; a removal does, and its source then has no rows.
 *
 * Versions are ordered as `compareAges` does (`standing-run.ts` has the same rule without SQL). Records of earlier releases have
 * no sequencer, and those of their replays may have a time in its place: where a record of a source lacks a sequencer, and no
 * other record of the same version has it, that source's versions are ordered by the time of their upload.
 *
 * @param runs a relation: a name, or a query in parentheses. It needs the columns `run_id`, `source_id`, `source_version`,
 *   `source_sequencer`, `uploaded_at`, `finished_at` and `status` of run records, and may have others
 * @returns a SELECT of the relation's rows and columns, at most one row for each `source_id`
 */
export const standingRuns = (runs: string): string => `
WITH run AS (
  SELECT *, CASE WHEN regexp_full_match(source_sequencer, '[0-9A-Fa-f]+') THEN source_sequencer END AS _own
  FROM ${runs} WHERE status <> 'superseded'
), known AS (
  SELECT *, coalesce(_own, CASE WHEN source_version IS NOT NULL
    THEN max(_own) OVER (PARTITION BY source_id, source_version) END) AS _sequencer
  FROM run
), aged AS (
  SELECT *, bool_and(_sequencer IS NOT NULL) OVER source AS _ordered,
    rpad(_sequencer, CAST(max(length(_sequencer)) OVER source AS INTEGER), '0') AS _padded
  FROM known WINDOW source AS (PARTITION BY source_id)
)
SELECT * EXCLUDE (_own, _sequencer, _ordered, _padded) FROM aged
QUALIFY row_number() OVER (
  PARTITION BY source_id
  ORDER BY CASE WHEN NOT _ordered THEN uploaded_at END DESC, _padded DESC NULLS LAST,
    CASE WHEN _sequencer IS NULL THEN source_sequencer END DESC NULLS LAST, finished_at DESC, run_id DESC
) = 1`;
