/** Validators of what is served from files: does the other side have this already? (RFC 9110 §13.1.2) */

/** @param list the value of `If-None-Match` @param etag a strong one, with its quotes */
export function listsEtag(list: string | undefined, etag: string): boolean {
  if (list === undefined) return false;
  return (
    list.trim() === '*' || list.split(',').some((each) => each.trim().replace(/^W\//, '') === etag)
  );
}
