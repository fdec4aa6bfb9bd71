import ArgumentParser
import EasySetup

/// `easysetup doctor`: looks at a relay from outside, and says what is wrong and what to do.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at a relay from outside: what is wrong?",
        discussion: """
            Without an address it looks at the relay in force, that of --relay, EASYSETUP_RELAY or easysetup config. It looks up \
            the name, tries every address, TLS, both transports and the proxies on the way, compares the clocks, and pairs two \
            devices with throw-away seeds. No store is touched. It ends with 0 when devices can pair, and with 40 when something \
            is wrong.
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var target: RelayOptions
    @OptionGroup var screen: ScreenOptions

    @Argument(help: ArgumentHelp("The relay's address, as wss://HOST[:PORT].", valueName: "url"))
    var url: String?

    @Option(
        help: ArgumentHelp(
            "How long quiet connections are watched, 0 to 120; a device is quiet for 15 at most.",
            valueName: "seconds"
        )
    )
    var watch = 20

    func validate() throws {
        guard 0...120 ~= watch else { throw ValidationError("--watch is 0 to 120 seconds.") }
        guard url == nil || Invocation.current?.source(of: "relay") != .option("--relay") else {
            throw ValidationError("Name the relay once: as an argument, or by --relay.")
        }
    }

    func run() async throws {
        try await common.run { output in
            let output = screen.output(output)
            let relay = try address()
            let report = DoctorReport(output)
            await Examination(
                relay: relay,
                source: source,
                roots: target.roots,
                authorities: authorities,
                proxyVariable: ProxySettings.variable(for: relay, variable: Variables.value),
                quiet: .seconds(watch),
                tell: { report.tell($0) },
                says: { report.says($0) },
                waits: { report.wait("Nothing is said for \(Spoken.seconds($0)) now. Control-C stops.") }
            )
            .run()
            guard report.end() else {
                throw ExitCode(ExitCodes.wrongRelay)
            }
        }
    }

    /// The relay's address. One without TLS on another machine is looked at, too, with a warning.
    private func address() throws -> RelayAddress {
        if let url { return try RelayOptions.address(url, allowPlain: true) }
        return try target.address(allowPlain: true)
    }

    /// The place that names the relay, in words.
    private var source: String {
        url == nil ? Invocation.current?.source(of: "relay").text ?? "--relay" : "the argument"
    }

    /// The trusted authorities, in words.
    private var authorities: String {
        if let file = target.caFile {
            let source = Invocation.current?.source(of: "ca-file").text ?? "--ca-file"
            return "the authorities in \(PathArgument.text(of: file.bytes)) and no others, named by \(source)"
        }
        let variables = ["SSL_CERT_FILE", "SSL_CERT_DIR"].filter { Variables.value($0) != nil }
        return "this system's authorities" + (variables.isEmpty ? "" : " (\(variables.joined(separator: ", ")))")
    }
}
