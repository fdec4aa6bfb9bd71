/// The Unicode scalars outside ASCII whose normal form NFKC is pure ASCII, each with that form (`Protocol/text.md`,
/// "Compatible forms"). Examples are full-width, mathematical, circled and superscript letters and digits, ligatures,
/// and the Kelvin sign.
package enum ASCIIForms {
    /// A run of consecutive scalars whose ASCII forms are consecutive too, such as the full-width letters.
    private struct Run {
        let first: UInt32
        let last: UInt32
        /// The ASCII form of the run's first scalar: one to four bytes, the first byte in the lowest bits.
        let form: UInt32
    }

    /// The ASCII form of a scalar, one to four bytes with the first byte in the lowest bits; nil if it has none.
    package static func form(of scalar: UInt32) -> UInt32? {
        var range = 0..<runs.count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            let run = runs[middle]
            if scalar < run.first {
                range = range.lowerBound..<middle
            } else if scalar > run.last {
                range = middle + 1..<range.upperBound
            } else {
                return run.form + (scalar - run.first)
            }
        }
        return nil
    }

    /// Every scalar with an ASCII form, and the form.
    package static var all: [(scalar: UInt32, form: UInt32)] {
        runs.flatMap { run in (run.first...run.last).map { ($0, run.form + ($0 - run.first)) } }
    }

    private static let runs: [Run] = asciiFormRuns.split(separator: " ").map { entry in
        let parts = entry.split(separator: ":")
        let scalars = parts[0].split(separator: "-").map(number)
        // The first two hex digits after the colon are the first byte of the ASCII form, which belongs in the lowest
        // bits.
        let digits = number(parts[1])
        let form = digits.byteSwapped >> UInt32(8 * (4 - parts[1].utf8.count / 2))
        return Run(first: scalars[0], last: scalars[scalars.count - 1], form: form)
    }

    private static func number(_ digits: Substring) -> UInt32 {
        // The default 0 is never used, because the table is part of the program and contains only valid hex digits.
        UInt32(digits, radix: 16) ?? 0
    }
}
