/** The settings file: the part of TOML that it needs, which is strings, whole numbers and the table [prompts]. */

export interface FileSettings {
  url: string;
  workspace: string;
  caFile: string;
  cacheDir: string;
  prompts: Map<string, string>;
}

const MEMBERS: Record<string, keyof Omit<FileSettings, 'prompts'>> = {
  url: 'url',
  workspace: 'workspace',
  ca_file: 'caFile',
  cache_dir: 'cacheDir',
};
const ALL = 'ca_file, cache_dir, prompts, url, workspace';
const KEY = `[A-Za-z0-9_-]+|"(?:[^"\\\\\\n]|\\\\.)*"|'[^'\\n]*'`;
const LINE = new RegExp(`^\\s*(${KEY})\\s*=\\s*(.*)$`);
const VALUE = new RegExp(`^("(?:[^"\\\\\\n]|\\\\.)*"|'[^'\\n]*'|[+-]?[0-9][0-9_]*|true|false)\\s*(?:#.*)?$`);
const TABLE = new RegExp(`^\\s*\\[\\s*(${KEY})\\s*\\]\\s*(?:#.*)?$`);

function unquoted(text: string): string {
  if (text.startsWith("'")) return text.slice(1, -1);
  if (!text.startsWith('"')) return text;
  return JSON.parse(
    text.replace(/\\U([0-9A-Fa-f]{8})/g, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16))),
  ) as string;
}

/** Throws TypeError with the file's name for what is not understood. */
export function parseSettings(file: string, content: string): FileSettings {
  const found: FileSettings = { url: '', workspace: '', caFile: '', cacheDir: '', prompts: new Map() };
  let table = '';
  const seen = new Set<string>();
  content.split(/\r?\n/).forEach((line, index) => {
    const fault = (why: string) => new TypeError(`${file}: line ${index + 1}: ${why}`);
    if (/^\s*(#.*)?$/.test(line)) return;
    const header = TABLE.exec(line);
    if (header) {
      table = unquoted(header[1] ?? '');
      if (table !== 'prompts') throw fault(`${table} is not a setting; use ${ALL}`);
      if (seen.has('[prompts]')) throw fault('[prompts] is there twice');
      seen.add('[prompts]');
      return;
    }
    const pair = LINE.exec(line);
    const value = VALUE.exec(pair?.[2] ?? '');
    if (!pair || !value) throw fault('this is not a KEY = VALUE with a string or a whole number');
    const name = unquoted(pair[1] ?? '');
    const raw = value[1] ?? '';
    const isText = raw.startsWith('"') || raw.startsWith("'");
    if (seen.has(`${table}.${name}`)) throw fault(`${name} is there twice`);
    seen.add(`${table}.${name}`);
    let text: string;
    try {
      text = isText ? unquoted(raw) : raw.replace(/_/g, '').replace(/^\+/, '');
    } catch {
      throw fault('the string has an escape that is not known');
    }
    if (table === 'prompts') {
      if (raw === 'true' || raw === 'false') throw fault(`prompts.${name} must be a version, a range or an alias`);
      found.prompts.set(name, text);
      return;
    }
    const member = MEMBERS[name];
    if (!member) throw fault(`${name} is not a setting; use ${ALL}`);
    if (!isText) throw fault(`${name} must be a string`);
    found[member] = text;
  });
  return found;
}
