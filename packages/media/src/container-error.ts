/**
 * What is wrong with a container that was read: which box or page field, which rule it broke and the
 * value found. It is a value among a reader's parts and never thrown; a reader that gave one is finished.
 */
export class ContainerError extends Error {
  /** The box or field, such as `moof/traf/tfdt` or `page.crc`. */
  readonly box: string;
  /** The rule in words: what the value must be. */
  readonly rule: string;
  readonly value: number | string;

  constructor(box: string, rule: string, value: number | string) {
    super(`${box} ${rule}, got ${value}`);
    this.name = 'ContainerError';
    this.box = box;
    this.rule = rule;
    this.value = value;
  }
}
