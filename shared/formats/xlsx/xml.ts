import { types } from 'node:util';
import { SaxesParser } from 'saxes';
import { Damage } from '../bytes/damage.ts';

/** Attributes by their names without a prefix. */
export type Attributes = Readonly<Record<string, string>>;

/** Names of elements are without a prefix. */
export interface XmlHandler {
  open: (name: string, attributes: Attributes) => void;
  close: (name: string) => void;
  text: (text: string) => void;
}

type Decoder = InstanceType<typeof TextDecoder>;

/** The parser keeps a text, a tag or a comment whole. */
const MAX_PIECE_BYTES = 64 * 1024 * 1024;

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/**
 * Reads an XML document piece by piece. Entities of a document's own, which may grow without end, are not known to it.
 *
 * @throws Damage when it is not well-formed, has a DOCTYPE, or a piece that is too long
 */
export const parseXml = async (chunks: AsyncIterable<Buffer>, handler: XmlHandler): Promise<void> => {
  const parser = new SaxesParser({ xmlns: false, position: false });
  let piece = 0;
  let failure: unknown;
  const guarded = (handle: () => void): void => {
    piece = 0;
    try {
      if (failure === undefined) handle();
    } catch (error) {
      failure = error;
    }
  };
  parser.on('error', () => {
    failure ??= new Damage('a part is not well-formed XML');
  });
  parser.on('doctype', () => {
    failure ??= new Damage('a part has a DOCTYPE');
  });
  parser.on('opentag', ({ name, attributes }) =>
    guarded(() => handler.open(localName(name), unprefixed(attributes))),
  );
  parser.on('closetag', ({ name }) => guarded(() => handler.close(localName(name))));
  parser.on('text', (text) => guarded(() => handler.text(text)));
  parser.on('cdata', (text) => guarded(() => handler.text(text)));
  let decoder: Decoder | undefined;
  for await (const chunk of chunks) {
    decoder ??= new TextDecoder(labelOf(chunk), { fatal: true });
    piece += chunk.length;
    parser.write(decoded(decoder, chunk));
    if (piece > MAX_PIECE_BYTES)
      failure ??= new Damage(`a part has a text or tag of more than ${MAX_PIECE_BYTES} bytes`);
    if (failure !== undefined) throw failure;
  }
  parser.write(decoder === undefined ? '' : decoded(decoder));
  parser.close();
  if (failure !== undefined) throw failure;
};

const unprefixed = (attributes: Readonly<Record<string, string>>): Attributes =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [localName(name), value]));

const labelOf = (chunk: Buffer): string => {
  if (chunk[0] === 0xff && chunk[1] === 0xfe) return 'utf-16le';
  return chunk[0] === 0xfe && chunk[1] === 0xff ? 'utf-16be' : 'utf-8';
};

const decoded = (decoder: Decoder, chunk?: Buffer): string => {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (error) {
    if (types.isNativeError(error) && error.name === 'TypeError')
      throw new Damage('a part is not valid UTF-8');
    throw error;
  }
};
