import EasySetupSeed

/// The reason why this device does not trust a certificate (`Protocol/errors.md`, "Causes"). BoringSSL decides about
/// the trust; this type explains the decision as far as possible. An app sees ``PairingError/causeCode`` in place of
/// this enum.
package enum Untrusted: Hashable, Sendable {
    /// BoringSSL rejects the certificate for a reason that no other case names.
    case unfit
    /// BoringSSL rejects the certificate for a reason that no other case names, although this device has the authority
    /// that issued it.
    case unfitFrom(authority: String)
    /// The certificate expired at `at`, and this device's clock says `clock`, both in seconds since 1970.
    case expired(at: Int, clock: Int, part: ChainPart = .own)
    /// The certificate is valid only from `from` on, and this device's clock says `clock`, both in seconds since 1970.
    case notYetValid(from: Int, clock: Int, part: ChainPart = .own)
    /// The certificate is for `names`, but the server's host is `host`.
    case wrongName(host: String, names: [String])
    /// The certificate lists the host's IP address as a DNS name, but should list it as an IP address.
    case addressAsName(host: String)
    /// The certificate has no subject alternative name. A common name does not count as a name.
    case noNames
    /// This device does not know the authority that issued the certificate.
    case unknownAuthority(issuer: String)
    /// This device has the certificate of `authority`, but not that of `issuer`, which signed it. `authority` is an
    /// intermediate authority that the server's certificate depends on, or the server itself.
    case rootMissing(authority: String, issuer: String)
    /// The server sent its certificate without the issuer's certificate, and this device does not know that issuer.
    case chainIncomplete(issuer: String)
    /// The certificate names an authority that this device has, but another key has signed the certificate.
    case otherAuthority(String)
    /// The certificate is not made for a TLS server.
    case wrongUse
    /// The certificate is signed by its own key.
    case selfSigned
    /// This device has no certificate authorities installed.
    case noAuthorities
    /// The configured file or folder of certificate authorities can't be used.
    case authoritiesUnreadable(path: String, FileFault)

    /// The faulty certificate of a certificate chain: the server's own, or that of an authority.
    package enum ChainPart: Hashable, Sendable {
        /// The server's own certificate.
        case own
        /// The certificate of an authority with this name. The server sent it along with its own.
        case sent(String)
        /// The certificate of an authority with this name. This device has it in its list of authorities.
        case authority(String)
    }

    /// The fault in a file of certificate authorities.
    package enum FileFault: String, Hashable, Sendable, CaseIterable {
        /// The file does not exist.
        case missing
        /// The process has no permission to read the file.
        case forbidden
        /// The file is empty.
        case empty
        /// The file has no certificate.
        case noCertificate = "no-certificate"
        /// The file has a certificate that does not parse.
        case damaged
        /// The path is a symbolic link to a file that does not exist.
        case leadsNowhere = "leads-nowhere"
        /// The file is larger than any real list of authorities.
        case tooLarge = "too-large"
        /// The path does not lead to a regular file, or to a folder if the setting asks for a folder.
        case noFile = "no-file"
        /// The file can't be read for a reason that has no case of its own.
        case unreadable
    }

    /// The server that has shown the certificate: a relay or a proxy.
    package enum Owner: Sendable {
        case relay
        /// A proxy. The command-line tool checks the proxy's certificate by the system's authorities, even if
        /// `--ca-file` names others for the relay's certificate.
        case proxy
    }

    /// The error's texts for a person. `key` is their translation key without a variant.
    func explanation(of owner: Owner, key: Explanation.Key) -> Explanation {
        let between = "Check the address; somebody may be in between."
        let (whose, own) = (owner.possessive, owner.advice)
        let authority = "\(whose) certificate depends on the authority \"{authority}\", whose own certificate"
        switch self {
        case .unfit:
            return key.texts("\(whose) certificate is not one that this device trusts.", "\(between) \(own)")
        case .unfitFrom(let authority):
            return key.texts(
                "\(whose) certificate comes from the authority \"{authority}\" that this device has, and is rejected all the same.",
                "The other side needs another certificate. `openssl verify` with that authority's certificate may show the reason.",
                variant: "known-authority",
                ["authority": authority]
            )
        case .expired(let moment, let clock, let part):
            let clockAdvice = "This device's clock says {clock}: if that is wrong, set it."
            let (moment, clock) = ("\(UTC(moment))", "\(UTC(clock))")
            guard let name = part.authority else {
                return key.texts(
                    "\(whose) certificate expired on {moment}.",
                    "\(part.renewal(of: owner)) \(clockAdvice)",
                    ["moment": moment, "clock": clock]
                )
            }
            return key.texts(
                "\(authority) expired on {moment}.",
                "\(part.renewal(of: owner)) \(clockAdvice)",
                variant: part.variant,
                ["authority": name, "moment": moment, "clock": clock]
            )
        case .notYetValid(let moment, let clock, let part):
            let end = ": it begins on {moment}, and this device's clock says {clock}."
            let advice = "Look at this device's clock, and set it if it is wrong. If it is right, try again later."
            let (moment, clock) = ("\(UTC(moment))", "\(UTC(clock))")
            guard let name = part.authority else {
                return key.texts(
                    "\(whose) certificate is not valid yet\(end)",
                    advice,
                    ["moment": moment, "clock": clock]
                )
            }
            return key.texts(
                "\(authority) is not valid yet\(end)",
                advice,
                variant: part.variant,
                ["authority": name, "moment": moment, "clock": clock]
            )
        case .wrongName(let host, let names):
            let advice = "\(between) If it is the right host, write a name that the certificate is for."
            guard !names.isEmpty else {
                return key.texts(
                    "\(whose) certificate is for another name than {host}.",
                    advice,
                    variant: "unnamed",
                    ["host": host]
                )
            }
            return key.texts(
                "\(whose) certificate is for {names}, not for the name {host}.",
                advice,
                ["names": names.joined(separator: ", "), "host": host]
            )
        case .addressAsName(let host):
            return key.texts(
                "\(whose) certificate has the address {host} as a DNS name, and an address counts as an IP address only.",
                "Whoever runs the other side needs a certificate with the subject alternative name IP:{host}.",
                variant: "address-as-name",
                ["host": host]
            )
        case .noNames:
            return key.texts(
                "\(whose) certificate has no subject alternative name; a common name does not count.",
                "Whoever runs the other side needs a certificate with its name as a subject alternative name."
            )
        case .unknownAuthority(let issuer):
            let unknown = "\(whose) certificate was issued by an authority that this device does not know"
            let advice =
                "\(between) \(own) If that authority is an intermediate one, the other side must send its certificate as well."
            return issuer.isEmpty
                ? key.texts("\(unknown).", advice, variant: "unnamed")
                : key.texts("\(unknown): \"{issuer}\".", advice, ["issuer": issuer])
        case .rootMissing(let authority, let issuer):
            return key.texts(
                "\(whose) certificate is not trusted: this device's file of authorities holds \"{authority}\", which was issued by \"{issuer}\", and not the certificate of \"{issuer}\".",
                "Put the certificate of \"{issuer}\" into the file of \(owner.option), too.",
                variant: "root-missing",
                ["authority": authority, "issuer": issuer]
            )
        case .chainIncomplete(let issuer):
            return key.texts(
                "\(whose) certificate was sent without that of its issuer, \"{issuer}\", which this device does not know.",
                "The other side must send its whole chain: the file of its certificate needs the intermediate ones as well. \(own)",
                ["issuer": issuer]
            )
        case .otherAuthority(let name):
            return key.texts(
                "\(whose) certificate was not signed by the authority \"{authority}\" that this device has, but by another of that name.",
                "\(between) If the authority was made anew, \(owner.renewal).",
                ["authority": name]
            )
        case .wrongUse:
            return key.texts(
                "\(whose) certificate is not made for a TLS server.",
                "The other side needs a certificate with digitalSignature where it has a key usage, and with serverAuth where it has an extended one. The certificate of an authority is none."
            )
        case .selfSigned:
            return key.texts(
                "\(whose) certificate is signed by itself, not by an authority that this device knows.",
                "\(between) \(own)"
            )
        case .noAuthorities:
            return key.texts(
                "No certificate authorities are installed on this device.",
                "Install them (on Debian the package ca-certificates), or name a file of them with \(owner.options)."
            )
        case .authoritiesUnreadable(let path, let fault):
            return key.texts(
                "The certificate authorities can't be read from {path}: \(fault.words).",
                "Name a file of PEM certificates with \(owner.options).",
                variant: fault.rawValue,
                ["path": path.visible]
            )
        }
    }
}

extension Untrusted.FileFault {
    /// The fault in words; part of a sentence.
    fileprivate var words: String {
        switch self {
        case .missing: "no such file"
        case .forbidden: "permission denied"
        case .empty: "it is empty"
        case .noCertificate: "it holds no PEM certificate"
        case .damaged: "a certificate in it is damaged"
        case .leadsNowhere: "it is a link, and there is nothing where it leads"
        case .tooLarge: "it is too large"
        case .noFile: "it is no file"
        case .unreadable: "reading failed"
        }
    }
}

extension Untrusted.ChainPart {
    /// The last part of the explanation's translation key if the faulty certificate is that of an authority; nil for
    /// the server's own certificate.
    fileprivate var variant: String? {
        switch self {
        case .own: nil
        case .sent: "sent"
        case .authority: "authority"
        }
    }

    /// The name of the certificate authority whose certificate is faulty; nil if the server's own certificate is
    /// faulty.
    fileprivate var authority: String? {
        switch self {
        case .own: nil
        case .sent(let name), .authority(let name): name
        }
    }

    fileprivate func renewal(of owner: Untrusted.Owner) -> String {
        switch self {
        case .own: "It must be renewed where it is used."
        case .sent: "The other side must send its chain with a certificate of that authority's that is valid."
        case .authority: "Bring this device's authorities, or the file of \(owner.option), up to date."
        }
    }
}

extension Untrusted.Owner {
    fileprivate var possessive: String {
        switch self {
        case .relay: "The relay's"
        case .proxy: "The proxy's"
        }
    }

    /// The option or environment variable by which a person names a file of certificate authorities.
    fileprivate var option: String {
        switch self {
        case .relay: "--ca-file"
        case .proxy: "SSL_CERT_FILE"
        }
    }

    fileprivate var options: String {
        switch self {
        case .relay: "--ca-file or SSL_CERT_FILE"
        case .proxy: "SSL_CERT_FILE"
        }
    }

    /// The advice if this device does not have the certificate authority that issued the server's certificate; a
    /// sentence.
    fileprivate var advice: String {
        switch self {
        case .relay: "For a certificate or an authority of your own, name its file with --ca-file."
        case .proxy:
            "If it is the right one, install its authority on this device, or name its file with SSL_CERT_FILE."
        }
    }

    /// The advice if this device has only an old certificate of the certificate authority; part of a sentence.
    fileprivate var renewal: String {
        switch self {
        case .relay: "name its new file with --ca-file"
        case .proxy: "install the new one on this device, or name its file with SSL_CERT_FILE"
        }
    }
}

extension String {
    /// The text with a replacement character for every unprintable one. The text comes from outside this program, and a
    /// terminal would obey its control characters.
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

/// The Gregorian calendar. Foundation has a calendar, too, but linking all of Foundation would add 40 MB to the
/// program.
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
    package static func date(_ day: Int) -> (year: Int, month: Int, day: Int) {
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
