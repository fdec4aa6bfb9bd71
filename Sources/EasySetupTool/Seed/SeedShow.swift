import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupPicture
import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `easysetup seed show`: shows the user ID of the stored seed, and with `--reveal` or as a picture the seed itself.
struct SeedShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows the stored seed's user id, and with --reveal or as a picture the secret itself.",
        discussion: "easysetup seed import --qr reads the pictures. Whoever sees one has the secret."
    )

    @OptionGroup var store: StoreOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var nothing: NoArguments

    @Flag(help: "Show the recovery phrase, the seed link and its QR code: they ARE the secret.")
    var reveal = false

    @Flag(help: "Show the QR code of the seed link alone: it IS the secret.")
    var qr = false

    @Option(
        help: ArgumentHelp("Write the QR code as SVG to a file of your own; - is standard output.", valueName: "file")
    )
    var svg: PathArgument?

    @Option(
        help: ArgumentHelp("Write the QR code as PNG to a file of your own; - is standard output.", valueName: "file")
    )
    var png: PathArgument?

    @Flag(help: "Replace the file of --svg or --png, if there is one.")
    var overwrite = false

    private static let standardOutput = PathArgument(bytes: [UInt8(ascii: "-")])

    private var files: [PathArgument] { [svg, png].compactMap { $0 } }

    func validate() throws {
        guard files.contains(Self.standardOutput) else { return }
        guard files.count == 1, !reveal, !qr, !common.json else {
            throw ValidationError(
                "A picture on standard output stands alone: give no other picture, --reveal, --qr or --json."
            )
        }
        guard isatty(STDOUT_FILENO) != 1 else {
            throw ValidationError("A picture goes to a file or to another program, and not to a terminal.")
        }
    }

    func run() async throws {
        try await common.run { output in
            let opened = try await store.open(output)
            if !reveal, !qr, files.isEmpty, let membership = try await opened.loadMembership() {
                return MembershipReport(membership: membership).write(output)
            }
            let seed = try await opened.seed()
            if reveal || qr { try await output.confirmReveal() }
            let isPiped = files.contains(Self.standardOutput)
            if !files.isEmpty, !reveal, !qr {
                try await output.confirmReveal(files: isPiped ? [] : files)
            }
            try write(svg, { $0.svg() }, of: seed)
            try write(png, { (drawing) throws(PictureError) in try drawing.png() }, of: seed)
            guard !isPiped else { return }
            var more: [(String, JSONValue)] = []
            if let svg { more.append(("svg", .string(svg.defaultValueDescription))) }
            if let png { more.append(("png", .string(png.defaultValueDescription))) }
            SeedReport(seed: seed, isRevealed: reveal, hasCode: qr, instead: ", or write it to a file with --png")
                .write(output, event: "seed", heading: heading, more: more)
        }
    }

    private var heading: String? {
        guard !files.isEmpty else { return nil }
        return
            (["The QR code of the seed link, which IS the secret, is in a file that only you can read:"]
            + files.map(\.defaultValueDescription)).joined(separator: "\n")
    }

    /// Writes a picture of the seed link's QR code. The text below it begins the user ID, which is no secret.
    private func write(
        _ path: PathArgument?,
        _ draw: (PictureDrawing) throws(PictureError) -> [UInt8],
        of seed: SyncSeed
    ) throws {
        guard let path else { return }
        let link = seed.link
        guard let code = QRCode(UserText(SecretBytes(copying: link.utf8))) else { throw CommandError.internal }
        let digits = Array(seed.userID.fingerprint.uppercased().prefix(16))
        let userID = stride(from: 0, to: 16, by: 4).map { String(digits[$0..<$0 + 4]) }.joined(separator: " ")
        let drawing = PictureDrawing(
            width: code.width,
            lines: ["EASYSETUP SEED", "USER ID \(userID)", "KEEP THIS PICTURE SECRET"]
        ) { code.isDark(column: $0, row: $1) }
        var bytes = try draw(drawing)
        if path == Self.standardOutput {
            if !Input.isTerminal { OutputFile.warn() }
            try PictureFile.writeToOutput(&bytes)
        } else {
            try PictureFile.write(&bytes, to: path, replacing: overwrite)
        }
    }
}
