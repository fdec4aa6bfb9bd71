import ArgumentParser
import Simulator

/// Simulates honest pairs while strangers visit every code that can be found by trying, and prints the results.
struct CrowdingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crowding",
        abstract: "Lets pairs come while strangers visit every live slot without pause. Fails below 99 % in time."
    )

    @Option(help: "How many honest pairs in each experiment.")
    var pairs = 100

    @Option(help: "How many connections the strangers have at once.")
    var strangers = 1_000

    @Option(help: "From how many address prefixes, one experiment after another.")
    var prefixes = [1, 1_000]

    @Option(help: "The first experiment's seed; the others follow it.")
    var seed: UInt64 = 1

    func run() throws {
        print(
            "strangers  prefixes  pairs  in time  one fresh code  delay p50    p90    max  codes  wrong proofs (told)  "
                + "per code, act  visits (paid)  places"
        )
        var isGood = true
        var seed = seed
        for manner in Crowding.Manner.allCases {
            for prefixes in prefixes {
                let outcome = Crowding(manner, strangers: strangers, prefixes: prefixes, pairs: pairs).run(seed: seed)
                seed += 1
                print(row(manner, prefixes, outcome))
                for breach in outcome.breaches { print("BROKEN \(breach)") }
                isGood = isGood && isEnough(outcome)
            }
        }
        if !isGood { throw ExitCode.failure }
    }

    private func isEnough(_ outcome: Crowding.Outcome) -> Bool {
        outcome.withOneFreshCode * 100 >= outcome.pairs * 99 && outcome.mostPerCode <= 3 && outcome.mostPerAct <= 9
            && outcome.told == outcome.wrongProofs && outcome.breaches.isEmpty
    }

    private func row(_ manner: Crowding.Manner, _ prefixes: Int, _ outcome: Crowding.Outcome) -> String {
        [
            manner.rawValue.padded(-9), "\(prefixes)".padded(9), "\(outcome.pairs)".padded(6),
            "\(outcome.inTime)".padded(8), "\(outcome.withOneFreshCode)".padded(15),
            seconds(outcome.delay(50)).padded(10), seconds(outcome.delay(90)).padded(6),
            seconds(outcome.delay(100)).padded(6), "\(outcome.codes)".padded(6),
            "\(outcome.wrongProofs) (\(outcome.told))".padded(20),
            "\(outcome.mostPerCode), \(outcome.mostPerAct)".padded(14),
            "\(outcome.visits) (\(outcome.paid))".padded(14), "\(outcome.places)".padded(7),
        ].joined(separator: " ")
    }

    private func seconds(_ time: Double?) -> String {
        guard let time else { return "-" }
        let tenths = Int((time * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}

extension String {
    /// Pads with spaces to this width: before the text, or after it for a negative width.
    fileprivate func padded(_ width: Int) -> String {
        let spaces = String(repeating: " ", count: max(0, abs(width) - count))
        return width < 0 ? self + spaces : spaces + self
    }
}
