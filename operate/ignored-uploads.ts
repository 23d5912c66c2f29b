import { printable } from '../shared/base/text.ts';
import { ignoredBecause } from '../shared/run/ignored-key.ts';
import type { Observer } from './events.ts';
import type { Upload } from './uploads.ts';

/** Leaves out the files that the pipeline would ignore, and emits a remark for each of them. */
export const withoutIgnored = (uploads: readonly Upload[], observe?: Observer): Upload[] =>
  uploads.filter(({ file, key }) => {
    const reason = ignoredBecause(key);
    if (reason !== undefined)
      observe?.({ type: 'remark', text: `${printable(file)} was ignored: ${reason}.` });
    return reason === undefined;
  });
