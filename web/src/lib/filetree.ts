// The files of a version as a tree of folders.
export interface File {
  path: string;
  digest: string;
  size: number;
}
export interface Node {
  name: string;
  path: string;
  depth: number;
  size: number;
  files: number; // in it and below; 1 for a file
  file?: File;
  below: Node[];
}

/** Folders before files, each by name. */
export function treeOf(files: File[]): Node[] {
  const root: Node = { name: '', path: '', depth: -1, size: 0, files: 0, below: [] };
  const folders = new Map<string, Node>([['', root]]);
  const folder = (path: string): Node => {
    const known = folders.get(path);
    if (known) return known;
    const cut = path.lastIndexOf('/'),
      parent = folder(path.slice(0, Math.max(cut, 0)));
    const made = { name: path.slice(cut + 1), path, depth: parent.depth + 1, size: 0, files: 0, below: [] };
    parent.below.push(made);
    folders.set(path, made);
    return made;
  };
  for (const file of files) {
    const cut = file.path.lastIndexOf('/'),
      parent = folder(file.path.slice(0, Math.max(cut, 0)));
    parent.below.push({
      name: file.path.slice(cut + 1),
      path: file.path,
      depth: parent.depth + 1,
      size: file.size,
      files: 1,
      file,
      below: [],
    });
    for (let path: string | undefined = parent.path; path !== undefined;) {
      const up = folders.get(path)!;
      up.size += file.size;
      up.files += 1;
      path = path === '' ? undefined : path.slice(0, Math.max(path.lastIndexOf('/'), 0));
    }
  }
  const sort = (node: Node) => {
    node.below.sort((a, b) => Number(!!a.file) - Number(!!b.file) || (a.name < b.name ? -1 : 1));
    node.below.forEach(sort);
  };
  sort(root);
  return root.below;
}

/** The rows that a table shows: what is in open folders. */
export function rowsOf(nodes: Node[], open: (folder: Node) => boolean): Node[] {
  return nodes.flatMap((node) => [node, ...(!node.file && open(node) ? rowsOf(node.below, open) : [])]);
}
