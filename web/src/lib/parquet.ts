// The head of a Parquet file, read in ranges: its footer, and the first rows if they stand in little data. Fetched when
// the first such file is looked at.
import { decompress } from 'fzstd';
import { parquetMetadataAsync, parquetReadObjects, parquetSchema, type SchemaTree } from 'hyparquet';

const footerBytes = 8_000_000, // of the file's description
  groupBytes = 16_000_000, // of the rows that are read to show the first
  columnsShown = 100,
  cellLength = 200;

function typeOf({ element, children }: SchemaTree): string {
  const type = element.logical_type?.type ?? element.converted_type ?? element.type;
  return type ?? `${children.length} fields`;
}

const textOfCell = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Date) return value.toISOString();
  const text =
    typeof value === 'object'
      ? JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? String(item) : item))
      : String(value);
  return text.length > cellLength ? `${text.slice(0, cellLength)}…` : text;
};

export type Rows =
  | { kind: 'table'; head: string[]; rows: string[][]; whole: boolean }
  /** of a table whose rows are too much for a preview: names and types */
  | { kind: 'columns'; rows: number; columns: string[][]; whole: boolean };

export async function parquet(
  piece: (from: number, to: number) => Promise<Uint8Array>,
  size: number,
  rowsShown: number,
): Promise<Rows> {
  const file = {
    byteLength: size,
    async slice(from: number, to = size) {
      if (to - from > Math.max(footerBytes, groupBytes)) throw new Error('it needs too much data for a preview');
      const bytes = await piece(from, to);
      return bytes.slice().buffer as ArrayBuffer;
    },
  };
  const metadata = await parquetMetadataAsync(file);
  const columns = parquetSchema(metadata).children;
  const group = metadata.row_groups[0];
  const stored = (group?.columns ?? []).reduce((sum, { meta_data: it }) => {
    return sum + Math.max(Number(it?.total_compressed_size ?? 0), Number(it?.total_uncompressed_size ?? 0));
  }, 0);
  const rows = Number(metadata.num_rows);
  if (!group || stored > groupBytes)
    return {
      kind: 'columns',
      rows,
      columns: columns.slice(0, columnsShown).map((column) => [column.element.name, typeOf(column)]),
      whole: columns.length <= columnsShown,
    };
  const shown = columns.slice(0, columnsShown).map(({ element }) => element.name);
  const found = await parquetReadObjects({
    file,
    metadata,
    columns: shown,
    rowStart: 0,
    rowEnd: Math.min(rows, Number(group.num_rows), rowsShown),
    compressors: { ZSTD: (input) => decompress(input) },
  });
  return {
    kind: 'table',
    head: shown,
    rows: found.map((row) => shown.map((name) => textOfCell(row[name]))),
    whole: found.length === rows && shown.length === columns.length,
  };
}
