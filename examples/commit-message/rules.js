/** What is wrong with a commit message. Lines that begin with `#` are git's own. */
export function complaintsAbout(message) {
  const [subject = '', second = ''] = message.split('\n').filter((line) => !line.startsWith('#'));
  const complaints = [];
  if (!/^[A-Z]/.test(subject)) complaints.push('the subject begins with a capital letter');
  if (/^\w+(ed|ing|s)\b/i.test(subject)) complaints.push('the subject is an imperative: Fix, not Fixed');
  if (subject.endsWith('.')) complaints.push('the subject has no full stop');
  if (subject.length > 72) complaints.push(`the subject has ${subject.length} characters, and may have 72`);
  if (second !== '') complaints.push('the second line is empty');
  return complaints;
}
