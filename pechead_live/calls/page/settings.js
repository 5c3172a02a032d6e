// Settings that are times.

/**
 * `settings` with the `usual` ones for those that are not given; throws a RangeError for an unknown
 * name and for what is no time. Seconds above 0, those named in `mayBeZero` from 0 on.
 */
export function checkedTimes(usual, settings, mayBeZero = []) {
  const config = { ...usual, ...settings };
  for (const [name, value] of Object.entries(config)) {
    const right = name in usual && Number.isFinite(value);
    if (!right || value < 0 || (value === 0 && !mayBeZero.includes(name))) {
      throw new RangeError(`the setting ${name} cannot be ${value}`);
    }
  }
  return Object.freeze(config);
}
