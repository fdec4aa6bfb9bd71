/// The scalars beyond ASCII whose NFKC form is pure ASCII, with that form: full-width, mathematical, circled and superscript
/// letters and digits, ligatures, the Kelvin sign (`Protocol/text.md`, "Compatible forms").
package enum ASCIIForms {
    /// One run of scalars whose forms follow one another.
    private struct Run {
        let first: UInt32
        let last: UInt32
        /// One to four ASCII bytes, the first lowest.
        let form: UInt32
    }

    /// The form of a scalar, one to four ASCII bytes of which the first is lowest; nil if it has none.
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

    /// Every scalar that has a form, with the form.
    package static var all: [(scalar: UInt32, form: UInt32)] {
        runs.flatMap { run in (run.first...run.last).map { ($0, run.form + ($0 - run.first)) } }
    }

    private static let runs: [Run] = asciiFormRuns.split(separator: " ").map { entry in
        let parts = entry.split(separator: ":")
        let scalars = parts[0].split(separator: "-").map(number)
        // The digits are the form's bytes from the first to the last, and the first is to be lowest.
        let digits = number(parts[1])
        let form = digits.byteSwapped >> UInt32(8 * (4 - parts[1].utf8.count / 2))
        return Run(first: scalars[0], last: scalars[scalars.count - 1], form: form)
    }

    private static func number(_ digits: Substring) -> UInt32 {
        // The table is ours and well-formed.
        UInt32(digits, radix: 16) ?? 0
    }
}
