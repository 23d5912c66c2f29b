import { compareSequencers } from '../../../run/run-identity.ts';
import { isSequencer } from '../../../run/version-age.ts';
import type { SourceRemoval } from './sources.ts';

/** A version of a source, as far as a removal has to know it. */
export interface VersionOfSource {
  sequencer: string;
  /** Its id in raw. */
  version?: string | undefined;
  /** ISO 8601. */
  uploadedAt: string;
}

/** When a removal was asked for, and the newest version of the source then, where it is known. */
type Asked = Pick<SourceRemoval, 'at'> & { sequencer?: string | undefined; version?: string | undefined };

/**
 * Whether a version was there when a removal of its source was asked for. S3's events have whole seconds, so a version of
 * the same second counts as uploaded later: it must not be lost.
 */
export const wasThere = (
  { at, sequencer: newest, version: newestId }: Asked,
  { sequencer, version, uploadedAt }: VersionOfSource,
): boolean => {
  const isOrdered = newest !== undefined && isSequencer(newest) && isSequencer(sequencer);
  if (isOrdered && compareSequencers(sequencer, newest) <= 0) return true;
  if (newestId !== undefined && version === newestId) return true;
  return Date.parse(uploadedAt) < Math.floor(Date.parse(at) / 1_000) * 1_000;
};
