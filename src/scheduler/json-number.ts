/** The state of reading a JSON number, which decides what may come next. */
export enum Digits {
  Minus,
  Zero,
  Whole,
  Point,
  Fraction,
  E,
  Sign,
  Exponent,
}

/** Returns whether the characters read so far are a complete number. */
export const isWhole = (digits: Digits): boolean =>
  digits === Digits.Zero ||
  digits === Digits.Whole ||
  digits === Digits.Fraction ||
  digits === Digits.Exponent;

/** Returns the state after this character; null if the number cannot contain it here. */
export function nextDigits(digits: Digits, code: number): Digits | null {
  const isDigit = code >= 48 && code <= 57;
  switch (digits) {
    case Digits.Minus:
      return !isDigit ? null : code === 48 ? Digits.Zero : Digits.Whole;
    case Digits.Whole:
      if (isDigit) return Digits.Whole;
      return afterWhole(code);
    case Digits.Zero:
      return afterWhole(code);
    case Digits.Point:
    case Digits.Fraction:
      if (isDigit) return Digits.Fraction;
      return digits === Digits.Fraction && (code | 32) === 101 ? Digits.E : null;
    case Digits.E:
      if (code === 43 || code === 45) return Digits.Sign;
      return isDigit ? Digits.Exponent : null;
    case Digits.Sign:
    case Digits.Exponent:
      return isDigit ? Digits.Exponent : null;
  }
}

const afterWhole = (code: number): Digits | null =>
  code === 46 ? Digits.Point : (code | 32) === 101 ? Digits.E : null;
