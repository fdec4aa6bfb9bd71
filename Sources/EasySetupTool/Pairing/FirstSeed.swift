import ArgumentParser
import EasySetup
import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The options of `offer` about a device on which no seed is stored.
struct FirstSeedOptions: ParsableArguments {
    @Flag(help: "Where no seed is stored, make a new one first: on the first device of a chain.")
    var new = false

    @Flag(help: "Where no seed is stored, receive one from the other device.")
    var receive = false

    func validate() throws {
        guard !new || !receive else { throw ValidationError("--new and --receive exclude each other.") }
    }

    /// The answer that an option gives beforehand.
    var choice: FirstSeed? { new ? .new : receive ? .receive : nil }
}

/// How a device on which no seed is stored comes to one.
enum FirstSeed: String, Sendable, CaseIterable {
    /// It makes a new seed, because it is the first device of a chain.
    case new
    /// Another device gives it the seed of its chain.
    case receive

    static let help = """
        Devices that share one seed are a chain. On its first device the seed is made: type new. If another device of yours has the \
        seed already, type receive: this device shows a code, you type it there, and both are one chain. Two devices that have \
        made a seed each can't be paired.
        """

    /// The view with the question.
    static func view(_ notes: [String]) -> View {
        var view = View(parts: [
            .text(
                """
                A seed is the secret that all your devices share, and none is stored on this device. Is it the first one, or \
                has another device the seed?
                """
            )
        ])
        view.prompt = View.Prompt(
            notes: notes,
            text: "Type new to make a new seed, or receive to get it from the other device:"
        )
        return view
    }

    /// Asks which of the two. Where nobody can be asked, it does not guess.
    static func ask(_ output: Output, _ stage: any Stage) async throws -> FirstSeed {
        switch StandardInput.current {
        case .terminal: break
        case .open: if output.form == .people { throw CommandError.nobodyToAsk(.firstSeed) }
        case .atEnd: throw CommandError.nobodyToAsk(.firstSeed)
        }
        var notes: [String] = []
        var attempt = 1
        // The question is asked at most 100 times, because a program at standard input could answer `?` without end.
        for _ in 0..<100 {
            output.ask(.seed, attempt: attempt, notes: notes)
            let reading = await stage.ask(view(notes))
            stage.show(View())
            guard case .line(let line) = reading else {
                if case .end = reading, !Verdict.isStopped() { throw CommandError.nobodyToAsk(.firstSeed) }
                throw CommandError.notConfirmed
            }
            let answer = line.byteCount <= 64 ? YesOrNo.plain(line.revealed()) : ""
            if let choice = FirstSeed(rawValue: answer) { return choice }
            switch YesOrNo(answer) {
            case .help: notes = [help]
            case .no: throw CommandError.notConfirmed
            case .yes, .unclear:
                attempt += 1
                guard attempt <= YesOrNo.tries else { throw CommandError.notConfirmed }
                notes = ["Type one of the two words in full: new, or receive. No ends it."]
            }
        }
        throw CommandError.notConfirmed
    }

    /// Makes a seed, and stores nothing.
    static func seed() -> SyncSeed { SyncSeed.random(createdAt: UInt64(max(time(nil), 0))) }

    /// Stores a new seed, as `seed new` does, once the relay has given the device a code.
    static func keep(_ seed: SyncSeed, in store: FileSeedStore, _ output: Output, _ stage: any Stage) async throws {
        try await store.save(seed, replacing: false)
        stage.say(["A new seed is stored on this device. Its user id, which is public: \(seed.userID.fingerprint)."])
        if output.form == .json {
            SeedReport(seed: seed, isRevealed: false).write(output, event: "created", heading: nil)
        }
    }
}
