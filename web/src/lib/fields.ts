// Faults as people read them: the API names a member ("grants[0].role"), a form has labels.
const labels: Record<string, string> = {
  name_pattern: 'Names',
  expires_in_days: 'Expires in',
  bake_seconds: 'Duration',
  weight: 'Share',
  url: 'Address',
  min: 'From',
  max: 'To',
  from: 'Current version',
  page_token: 'Page',
  new_name: 'New name',
  on_breach: 'If worse',
};
const ones: Record<string, string> = {
  grants: 'Role',
  steps: 'Step',
  guards: 'Guard',
  reports: 'Report',
  files: 'File',
  modules: 'Module',
  arms: 'Arm',
  messages: 'Message',
  actions: 'Action',
};
const upper = (word: string) => word.replace(/^./, (c) => c.toUpperCase());
const labelOf = (member: string) => labels[member] ?? upper(member.replaceAll('_', ' '));

/** "grants[0].role" → "Role 1". */
export function fieldWords(path: string): string {
  const words = path.split('.').map((part) => {
    const [, member, , index] = /^([a-z_]+)(\[(\d+)\])?$/.exec(part) ?? [, part];
    return index === undefined ? labelOf(member!) : `${ones[member!] ?? labelOf(member!)} ${Number(index) + 1}`;
  });
  const [first, ...rest] = words;
  return rest.length === 0 || (rest.length === 1 && first.startsWith(`${rest[0]} `))
    ? first
    : `${first}, ${rest.join(', ').toLowerCase()}`;
}
/** A message of the API without what only a program needs: members become labels, addresses of the API go. */
export function readable(message: string): string {
  return message
    .replace(
      /^(?:field ')?([a-z_]+(?:\[\d+\])?(?:\.[a-z_]+(?:\[\d+\])?)*)(?:':? |: )/,
      (_, path) => `${fieldWords(path)}: `,
    )
    .replace(/[;:,]? ?\(?\b(?:GET|PUT|POST|PATCH|DELETE) \/[\w/{}.…-]+\)?( first)?/g, '');
}
