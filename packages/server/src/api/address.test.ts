import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askerOf } from './address.ts';

describe('one asker', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
    [undefined, 'this machine'],
    ['unix:', 'unknown unix:'],
  ])('%s is %s', (ip, asker) => expect(askerOf(ip)).toBe(asker));

  it('is the same in a /64 and another one outside it', () => {
    const groups = (count: number) =>
      fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: count, maxLength: count });
    const text = (list: number[]) => list.map((group) => group.toString(16)).join(':');
    fc.assert(
      fc.property(groups(4), groups(4), groups(4), groups(4), (prefix, other, one, two) => {
        const asker = askerOf(text([...prefix, ...one]));
        expect(askerOf(text([...prefix, ...two]))).toBe(asker);
        expect(askerOf(text([...other, ...one])) === asker).toBe(text(prefix) === text(other));
      }),
    );
  });

  it('has a bounded key, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (ip) => {
        expect(askerOf(ip).length).toBeLessThanOrEqual(80);
      }),
    );
  });
});
