import fc from 'fast-check';
import { emptySpan, type RecordSpan, readRecord } from '../../../../shared/formats/records/csv-record.ts';
import { type Grammar, grammar } from '../../../../shared/formats/records/grammar.ts';
import { readReference } from '../../../helpers/reference-csv.ts';

const PIECES = ['a', 'é', ',', ',', '"', '"', '""', ' ', '  ', '\\', '\n', '\r', '\r\n', ';'];
const messy = fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((pieces) => pieces.join(''));

const recordsOf = (bytes: Buffer, used: Grammar): RecordSpan[] => {
  const spans: RecordSpan[] = [];
  for (let at = 0; at < bytes.length; ) {
    const span = emptySpan();
    expect(readRecord(bytes, at, bytes.length, true, used, span)).toBe(true);
    spans.push(span);
    at = span.next;
  }
  return spans;
};

test('fields, lines and broken quotes of a record are those of the grammar', () => {
  fc.assert(
    fc.property(messy, fc.constantFrom(',', ';'), fc.boolean(), (text, delimiter, quotesFields) => {
      const used = grammar(delimiter.charCodeAt(0), 0x22, { quotesFields });
      const bytes = Buffer.from(text);
      let line = 1;
      let at = 0;
      const found = recordsOf(bytes, used).flatMap((span) => {
        const raw = bytes.toString('utf8', at, span.end);
        const record = { line, raw, fields: span.broken ? 0 : span.fields };
        at = span.next;
        line += span.lines;
        return raw === '' ? [] : [record];
      });
      // With a width that no record has, the reference lists all records as malformed; with the record's own, as well-formed.
      expect(found.map((record) => ({ line: record.line, raw: record.raw }))).toEqual(
        readReference(text, delimiter, '"', 0, quotesFields).malformed,
      );
      for (const { line, fields } of found.filter((record) => record.fields > 0)) {
        const { rows } = readReference(text, delimiter, '"', fields, quotesFields);
        expect(rows.find((row) => row.line === line)?.fields).toHaveLength(fields);
      }
      for (const { line } of found.filter((record) => record.fields === 0)) {
        const { malformed } = readReference(text, delimiter, '"', undefined, quotesFields);
        expect(malformed.some((record) => record.line === line)).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a record is read the same wherever the window ends, or reported as incomplete', () => {
  fc.assert(
    fc.property(messy, fc.constantFrom(-1, 0x5c), fc.boolean(), (text, escaper, quotesFields) => {
      const used = grammar(0x2c, 0x22, { escaper, quotesFields });
      const bytes = Buffer.from(text);
      const [whole] = recordsOf(bytes, used);
      for (let end = 0; end < bytes.length; end++) {
        const span = emptySpan();
        if (readRecord(bytes, 0, end, false, used, span)) expect(span).toEqual(whole);
      }
    }),
    { numRuns: 2000 },
  );
});
