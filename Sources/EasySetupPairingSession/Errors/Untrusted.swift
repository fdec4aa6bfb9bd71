/// The reason why a certificate is not trusted (`Protocol/errors.md`, "Causes"). BoringSSL decides about trust; this
/// type explains the decision as far as possible.
public enum Untrusted: Hashable, Sendable {
    /// The certificate is rejected for another reason.
    case unfit
    /// The certificate expired at `at`, and this device's clock says `clock`, both in seconds since 1970.
    case expired(at: Int, clock: Int, part: ChainPart = .own)
    /// The certificate is valid only from `from` on, and this device's clock says `clock`, both in seconds since 1970.
    case notYetValid(from: Int, clock: Int, part: ChainPart = .own)
    /// The certificate is for `names`, and not for `host`.
    case wrongName(host: String, names: [String])
    /// The certificate has no subject alternative name. A common name does not count as a name.
    case noNames
    /// This device does not know the authority that issued the certificate.
    case unknownAuthority(issuer: String)
    /// The server sent its certificate without the issuer's certificate, and this device does not know that issuer.
    case chainIncomplete(issuer: String)
    /// The certificate is signed by its own key.
    case selfSigned
    /// This device has no certificate authorities installed.
    case noAuthorities
    /// The configured file or folder of certificate authorities can't be used.
    case authoritiesUnreadable(path: String, FileFault)

    /// The certificate in a certificate chain that has the fault.
    public enum ChainPart: Hashable, Sendable {
        /// The server's own certificate.
        case own
        /// The certificate of an authority of this name, which the server sent along.
        case sent(String)
        /// The certificate of an authority of this name, which this device has.
        case authority(String)
    }

    /// The fault in a file of certificate authorities.
    public enum FileFault: String, Hashable, Sendable {
        /// The file does not exist.
        case missing = "no such file"
        /// The process has no permission to read the file.
        case forbidden = "permission denied"
        /// The file is empty.
        case empty = "it is empty"
        /// The file has no certificate.
        case noCertificate = "it holds no PEM certificate"
        /// The file is larger than any list of authorities.
        case tooLarge = "it is too large"
        /// The path leads to something other than a regular file (or, if a folder is meant, other than a folder).
        case noFile = "it is no file"
        /// The file can't be read for another reason.
        case unreadable = "reading failed"
    }

    /// The cause's name in `Protocol/errors.md`.
    public var name: String { text("").name }

    var advice: String { text("").advice }

    /// A sentence that says what happened.
    ///
    /// - Parameter whose: the certificate's owner, as the first words of the sentence.
    func description(_ whose: String = "The relay's") -> String { text(whose).what }

    private func text(_ whose: String) -> (name: String, what: String, advice: String) {
        let between = "Check the address; somebody may be in between."
        let own = "For a certificate or an authority of your own, name its file with --ca-file."
        return switch self {
        case .unfit: ("unfit", "\(whose) certificate is not one that this device trusts.", "\(between) \(own)")
        case .expired(let moment, let clock, let part):
            (
                "expired",
                part.authority.map {
                    "\(whose) certificate depends on the authority \"\($0)\", whose own certificate expired on \(UTC(moment))."
                } ?? "\(whose) certificate expired on \(UTC(moment)).",
                "\(part.renewal) This device's clock says \(UTC(clock)): if that is wrong, set it."
            )
        case .notYetValid(let moment, let clock, let part):
            (
                "not-yet-valid",
                (part.authority.map {
                    "\(whose) certificate depends on the authority \"\($0)\", whose own certificate is not valid yet"
                } ?? "\(whose) certificate is not valid yet")
                    + ": it begins on \(UTC(moment)), and this device's clock says \(UTC(clock)).",
                "Look at this device's clock, and set it if it is wrong. If it is right, try again later."
            )
        case .wrongName(let host, let names):
            (
                "wrong-name",
                names.isEmpty
                    ? "\(whose) certificate is for another name than \(host)."
                    : "\(whose) certificate is for \(names.joined(separator: ", ")), not for the name \(host).",
                "\(between) If it is the right host, write a name that the certificate is for."
            )
        case .noNames:
            (
                "no-names", "\(whose) certificate has no subject alternative name; a common name does not count.",
                "Whoever runs the other side needs a certificate with its name as a subject alternative name."
            )
        case .unknownAuthority(let issuer):
            (
                "unknown-authority",
                issuer.isEmpty
                    ? "\(whose) certificate was issued by an authority that this device does not know."
                    : "\(whose) certificate was issued by an authority that this device does not know: \"\(issuer)\".",
                "\(between) \(own) If that authority is an intermediate one, the other side must send its certificate as well."
            )
        case .chainIncomplete(let issuer):
            (
                "chain-incomplete",
                "\(whose) certificate was sent without that of its issuer, \"\(issuer)\", which this device does not know.",
                "The other side must send its whole chain: the file of its certificate needs the intermediate ones as well. \(own)"
            )
        case .selfSigned:
            (
                "self-signed",
                "\(whose) certificate is signed by itself, not by an authority that this device knows.",
                "\(between) \(own)"
            )
        case .noAuthorities:
            (
                "no-authorities", "No certificate authorities are installed on this device.",
                "Install them (on Debian the package ca-certificates), or name a file of them with --ca-file or SSL_CERT_FILE."
            )
        case .authoritiesUnreadable(let path, let fault):
            (
                "authorities-unreadable",
                "The certificate authorities can't be read from \(path.visible): \(fault.rawValue).",
                "Name a file of PEM certificates with --ca-file or SSL_CERT_FILE."
            )
        }
    }
}

extension Untrusted.ChainPart {
    /// The authority's name; nil for the server's own certificate.
    fileprivate var authority: String? {
        switch self {
        case .own: nil
        case .sent(let name), .authority(let name): name
        }
    }

    fileprivate var renewal: String {
        switch self {
        case .own: "It must be renewed where it is used."
        case .sent: "The other side must send its chain with a certificate of that authority's that is valid."
        case .authority: "Bring this device's authorities, or the file of --ca-file, up to date."
        }
    }
}

extension String {
    /// The text with every unprintable character replaced, because the text comes from outside this program and is
    /// shown on a terminal.
    fileprivate var visible: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.isPrintable ? $0 : "\u{FFFD}" }))
    }
}

extension Unicode.Scalar.Properties {
    fileprivate var isPrintable: Bool {
        switch generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}

/// A time that prints as a date and a time of day in UTC.
struct UTC: CustomStringConvertible {
    private let seconds: Int

    init(_ seconds: Int) { self.seconds = seconds }

    var description: String {
        let day = seconds / 86_400 - (seconds % 86_400 < 0 ? 1 : 0)
        let (year, month, ofMonth) = Calendar.date(day)
        let minute = (seconds - day * 86_400) / 60
        return "\(year)-\(two(month))-\(two(ofMonth)) \(two(minute / 60)):\(two(minute % 60)) UTC"
    }

    private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// The Gregorian calendar. Full Foundation has a calendar too, but would add 40 MB to the program.
package enum Calendar {
    /// The number of days from 1970-01-01 to this date.
    package static func day(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let ofEra = year - era * 400
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    /// The date that is `day` days after 1970-01-01.
    static func date(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}
