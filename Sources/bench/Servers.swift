import Glibc

/// How each server is started, and how the generator speaks to it.
struct Servers {
    private let program: String
    private let twist: String
    private let certificate: String
    private let pin: String?
    /// Whether the relay can be told how many cores it serves with.
    let hasCores: Bool

    init(program: String, twist: String?, certificate: String?, pin: String?) {
        self.program = program
        self.twist = twist ?? "twist"
        self.certificate = certificate ?? ""
        self.pin = pin
        hasCores = Self.output(of: "'\(program)' relay --help").contains("--cores ")
    }

    /// Starts one, or as many as are laid out; each ends with what this returns. Those that have two cores, together or by themselves,
    /// have the machine's first two, whatever `pin` says.
    func start(_ subject: Subject, _ layout: Results.Layout) throws(BenchError) -> [Server] {
        let pin = layout == .single ? pin : pin.map { _ in "0-1" }
        var servers: [Server] = []
        for _ in 0..<layout.relays { servers.append(try Server(command(subject, cores: layout.cores), pin: pin)) }
        return servers
    }

    /// - Parameter servers: one; or several of a relay's, which have the pairings by turns.
    func scheme(_ subject: Subject, _ servers: [Server]) -> any Scheme {
        let targets = servers.map { target(subject, $0) }
        return switch subject {
        case .mailbox: MailboxScheme(target: targets[0])
        case .publish: PublishScheme(target: targets[0])
        default: RelayScheme(transport: subject.transport ?? .webSocket, targets: targets, sources: 64)
        }
    }

    func waiting(_ subject: Subject, _ server: Server) -> any Waiting {
        let target = target(subject, server)
        return subject == .mailbox
            ? MailboxWaiting(target: target) : RelayWaiting(transport: subject.transport ?? .webSocket, target: target)
    }

    private func target(_ subject: Subject, _ server: Server) -> Target {
        Target(port: server.port, tls: subject.isTLS ? ClientTLS() : nil)
    }

    private func command(_ subject: Subject, cores: Int) -> [String] {
        switch subject {
        case .mailbox: [twist] + MailboxScheme.command
        case .publish: PublishScheme.command
        case .bare: [CommandLine.arguments[0], "--bare", "PORT"]
        default: relay + (subject.isTLS ? files : []) + (hasCores ? ["--cores", "\(cores)"] : [])
        }
    }

    private var files: [String] {
        zip(["--tls-certificate", "--tls-key"], certificate.split(separator: ",")).flatMap { [$0, String($1)] }
    }

    /// Everything that would hold devices of one machine to what a house needs is opened wide.
    private var relay: [String] {
        [program, "relay", "--listen", "127.0.0.1:PORT", "--log-level", "error"]
            + [
                "offersPerPrefix=100000000", "visitsPerPrefix=100000000", "rooms=400000", "meetingsInAll=400000",
                "roomless=400000", "roomlessPerPrefix=400000", "openingPerPrefix=400000", "deadlines=4000000",
                "connections=400000", "partOfFree=1",
            ]
            .flatMap { ["--limit", $0] }
    }

    private static func output(of command: String) -> String {
        guard let pipe = popen(command, "r") else { return "" }
        defer { pclose(pipe) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { text += buffer[..<count] }
        return String(decoding: text, as: UTF8.self)
    }
}
