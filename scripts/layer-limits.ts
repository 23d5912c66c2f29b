import type { ZipEntry } from './zip.ts';

/** Limits in bytes, well below Lambda's 50 MB for a zip and 250 MB for function and layers together. */
export const LAYER_LIMITS = { zipped: 30e6, unzipped: 100e6 };

/** `e_machine` in an ELF header. Source: ELF-64 object file format, and the processors' supplements. */
const MACHINES: Readonly<Record<string, number>> = { arm64: 183, x86_64: 62 };
const ELF = Buffer.from('\x7fELF', 'latin1');
const E_MACHINE = 18;

/**
 * Checks that Lambda can load a layer.
 *
 * @throws RangeError when it is too large, contains no native library, or one for another processor
 */
export const checkLayer = (entries: readonly ZipEntry[], zipped: number, architecture: string): void => {
  const unzipped = entries.reduce((sum, { content }) => sum + content.length, 0);
  if (zipped > LAYER_LIMITS.zipped || unzipped > LAYER_LIMITS.unzipped)
    throw new RangeError(
      `The layer has ${zipped} bytes zipped, ${unzipped} unzipped: more than the limits of this project.`,
    );
  const native = entries.filter(({ content }) => content.subarray(0, ELF.length).equals(ELF));
  if (native.length === 0) throw new RangeError('The layer contains no native library.');
  const strange = native.filter(({ content }) => content.readUInt16LE(E_MACHINE) !== MACHINES[architecture]);
  if (strange.length > 0)
    throw new RangeError(`Not built for ${architecture}: ${strange.map(({ name }) => name).join(', ')}.`);
};
