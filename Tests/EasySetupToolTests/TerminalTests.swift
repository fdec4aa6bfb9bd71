import Foundation
import TestSupport
import Testing

@Suite("Secrets and questions on a terminal", .inTurn, .timeLimit(.minutes(60))) struct TerminalTests {
    let scratch = ScratchFolder()

    @Test("A seed that is typed is not shown, and may take several lines") func hidden() throws {
        let words = SeedCommandTests.phrase.split(separator: " ")
        let session = try Terminal(["seed", "inspect"])
        try session.answer("ends it.", with: words.prefix(12).joined(separator: " ") + "\r")
        try session.answer("12 of 24 words.", with: words.dropFirst(12).joined(separator: " ") + "\r")
        let (shown, code) = session.finish()
        #expect(code == 0)
        #expect(shown.contains(SeedCommandTests.userID))
        #expect(words.allSatisfy { !shown.contains(" \($0) ") } && !shown.contains("forum"))
    }

    @Test("Control-C while a seed is typed ends with 1 and no seed") func interrupted() throws {
        let session = try Terminal(["seed", "import", "--store", scratch.store])
        try session.answer("ends it.", with: "forum\u{3}")
        #expect(session.finish().code == 1)
        #expect(!FileManager.default.fileExists(atPath: scratch.store))
    }

    @Test(
        "The secret is shown after a yes only, and a slip is asked about again",
        arguments: [["yes"], ["no"], ["", "y", "yes."], ["y", " YES "], ["?", "n"]]
    )
    func reveal(answers: [String]) async throws {
        _ = try await Program.run(["seed", "import", "--store", scratch.store], input: SeedCommandTests.hex)
        let session = try Terminal(["seed", "show", "--store", scratch.store, "--reveal"])
        for answer in answers { try session.answer("Type yes, or no:", with: answer + "\r") }
        let (shown, code) = session.finish()
        let isShown = answers.last!.lowercased().contains("yes") && answers.count < 3
        #expect(shown.contains("forum") == isShown)
        #expect(code == (isShown ? 0 : 1))
    }

    @Test("A passphrase is asked for twice when it is set, and once when it is needed") func passphrase() throws {
        let new = try Terminal(["seed", "new", "--store", scratch.store, "--seal"])
        try new.answer("New passphrase", with: "open sesamx\u{7F}e\r")
        try new.answer("Once more", with: "open sesame\r")
        let made = new.finish()
        #expect(made.code == 0)
        #expect(!made.shown.contains("sesam"))
        for (typed, code) in [("open sesame", 0), ("open says me", 77)] as [(String, Int32)] {
            let show = try Terminal(["seed", "show", "--store", scratch.store])
            try show.answer("Passphrase:", with: typed + "\r")
            #expect(show.finish().code == code)
        }
    }

    @Test("Two different passphrases seal nothing") func differing() throws {
        let new = try Terminal(["seed", "new", "--store", scratch.store, "--seal"])
        try new.answer("New passphrase", with: "one\r")
        try new.answer("Once more", with: "two\r")
        #expect(new.finish().code == 64)
        #expect(!FileManager.default.fileExists(atPath: scratch.store))
    }
}

/// The program with a terminal for its input and output.
final class Terminal {
    private let process = Child()
    private let ours: CInt
    /// The program's end of the terminal, which the test keeps open like a shell that starts a program; -1 if it does
    /// not.
    private let side: CInt
    private var shown = ""
    /// The number of bytes of `shown` up to the end of the last question that the test has answered.
    private var answered = 0
    /// How long a test waits for output before it fails.
    private static let patience: CInt = 900_000

    /// - Parameters:
    ///   - keepsSide: whether the test keeps the program's end of the terminal open, so that ``rest()`` can read the
    ///     input that the program left unread. The end of the program then does not end the output.
    ///   - environment: environment variables beside the inherited ones.
    init(_ arguments: [String], keepsSide: Bool = false, environment: [String: String] = [:]) throws {
        var (ours, theirs): (CInt, CInt) = (-1, -1)
        try #require(openpty(&ours, &theirs, nil, nil, nil) == 0)
        _ = fcntl(ours, F_SETFD, FD_CLOEXEC)
        _ = fcntl(theirs, F_SETFD, FD_CLOEXEC)
        self.ours = ours
        side = keepsSide ? theirs : -1
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.executableURL = URL(filePath: Program.path)
        process.arguments = arguments
        process.standardInput = .descriptor(theirs)
        process.standardOutput = .descriptor(theirs)
        process.standardError = .descriptor(theirs)
        try process.run()
        // Only the program has its end of the terminal open now, so the output ends with the program.
        if !keepsSide { close(theirs) }
    }

    deinit {
        close(ours)
        if side >= 0 { close(side) }
    }

    /// Types bytes at once, whatever is on the screen.
    func type(_ bytes: [UInt8]) throws {
        try #require(write(ours, bytes, bytes.count) == bytes.count)
    }

    /// Waits for the program's end. Returns the input that it left unread, which a shell would read next.
    func rest() -> String {
        process.waitUntilExit()
        var mode = termios()
        tcgetattr(side, &mode)
        mode.c_lflag &= ~tcflag_t(ICANON)
        withUnsafeMutableBytes(of: &mode.c_cc) { characters in
            characters[Int(VMIN)] = 0
            characters[Int(VTIME)] = 0
        }
        tcsetattr(side, TCSANOW, &mode)
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(side, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    /// Waits until the question is on the screen, and types the text. Output after the question may hold the next one.
    func answer(_ question: String, with text: String) throws {
        while !unanswered.contains(question) { try #require(readMore(), "\(question) is not in \(shown)") }
        let end = try #require(unanswered.range(of: question)?.upperBound)
        answered += unanswered[..<end].utf8.count
        try #require(write(ours, text, text.utf8.count) == text.utf8.count)
    }

    /// Waits for the program's end. Returns its whole output and its exit code.
    func finish() -> (shown: String, code: Int32) {
        while readMore() {}
        process.waitUntilExit()
        return (shown, process.terminationStatus)
    }

    private var unanswered: String {
        String(decoding: shown.utf8.dropFirst(answered), as: UTF8.self)
    }

    /// Reads more of the output. Returns false at its end, or if none comes for ``patience``; the program is ended then.
    private func readMore() -> Bool {
        var file = pollfd(fd: ours, events: Int16(POLLIN), revents: 0)
        var count: CInt
        repeat { count = poll(&file, 1, Self.patience) } while count < 0 && errno == EINTR
        guard count > 0 else {
            Issue.record("the program writes nothing more, and goes on: \(shown)")
            kill(process.processIdentifier, SIGKILL)
            return false
        }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let length = read(ours, &buffer, buffer.count)
        guard length > 0 else { return false }
        shown += String(decoding: buffer[..<length], as: UTF8.self)
        return true
    }
}
