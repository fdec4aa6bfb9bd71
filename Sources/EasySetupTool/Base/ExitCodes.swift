/// The exit codes of the process. From 64 on they are those of sysexits.h. In JSON output, the member `error` tells the
/// reason more precisely.
enum ExitCodes {
    /// The meaning of each exit code, as shown by `easysetup help exit-codes` and the manual.
    static let help = """
          0   done
          1   somebody said no, or stopped
          10  the code or link is wrong
          11  the code is gone: unknown, expired or used up
          12  another device was first, or too many wait
          13  nobody answered in time
          14  sent, but not confirmed: look at the other device
          15  no seed to pass on: both devices hold one, or neither does
          20  the relay can't be reached, not by the proxy either, or was lost
          21  what answers is no relay that this device trusts
          22  the relay speaks another version
          23  the relay is full or busy: wait
          24  the relay has forgotten this pairing
          25  the relay is broken, or another connection took over
          30  the other device failed or speaks another version
          40  doctor has found something wrong, or relay --check something unsafe
          50  the chain's store or service can't be reached
          51  the store or the service refuses
          52  what answers is no store or service that this device trusts, or has no bucket
          53  this device has no right to that
          64  the arguments are wrong
          65  what was read is no seed, no QR code and no record, or is damaged
          66  nothing is there to be read
          70  a fault of this program
          73  another seed, a file, or nothing at all, is where something should go
          74  the disk, the output or the system failed
          75  it may work the next time
          77  not allowed: rights, owners, passphrases
          78  a setting, or a file that the relay needs, can't be used
        With --json the member "error" names the reason.
        """

    /// The exit code for an error's name; 70 for an unknown name. A test checks that the table has all names.
    static func code(for name: String) -> Int32 {
        table[name] ?? 70
    }

    /// The exit code of `doctor` for a relay at which devices can't pair, or can't pair by every transport.
    static let wrongRelay: Int32 = 40
    /// The exit code of `relay --check` for a relay that would start, and about which something is unsafe.
    static let unsafeRelay: Int32 = 40

    /// The exit code of `chain import-v0` for a listing of which something could not be read.
    static let damagedListing: Int32 = 65

    static let table: [String: Int32] = [
        "not-confirmed": 1,
        "declined": 1,
        "declined-here": 1,
        "cancelled": 1,
        "cancelled-here": 1,
        "wrong-word": 1,
        "nobody-asked": 1,
        "wrong-code": 10,
        "code-wrong-length": 10,
        "code-not-a-symbol": 10,
        "code-foreign-letter": 10,
        "code-has-u": 10,
        "code-has-label": 10,
        "code-has-more": 10,
        "code-too-long": 10,
        "code-mistyped": 10,
        "not-a-slot": 10,
        "not-a-link": 10,
        "several-links": 10,
        "plain-link": 10,
        "tries-spent": 10,
        "no-such-code": 11,
        "expired": 11,
        "code-burnt": 11,
        "codes-spent": 11,
        "seated": 12,
        "line-full": 12,
        "timed-out": 13,
        "sent-not-confirmed": 14,
        "both-hold": 15,
        "already-paired": 15,
        "both-receive": 15,
        "no-seed-to-give": 15,
        "link-direction": 15,
        "other-seed": 15,
        "relay-unreachable": 20,
        "connection-lost": 20,
        "proxy-failed": 20,
        "relay-untrusted": 21,
        "not-a-relay": 21,
        "relay-version": 22,
        "relay-full": 23,
        "too-many": 23,
        "draining": 23,
        "relay-forgot": 24,
        "work-refused": 25,
        "relay-misbehaved": 25,
        "elsewhere": 25,
        "wrong-suite": 30,
        "malformed": 30,
        "code-known": 30,
        "peer-not-stored": 30,
        "fault": 30,
        "relay-address": 64,
        "relay-plain": 64,
        "proxy-address": 64,
        "usage": 64,
        "passphrase-unfit": 64,
        "passphrases-differ": 64,
        "seed-wrong-length": 65,
        "seed-too-long": 65,
        "seed-unreadable": 65,
        "text-utf-16": 65,
        "text-not-utf-8": 65,
        "several-seeds": 65,
        "phrase-not-english": 65,
        "phrase-word-count": 65,
        "phrase-unknown-word": 65,
        "phrase-checksum": 65,
        "seed-link-version": 65,
        "seed-link-damaged": 65,
        "seed-file-foreign": 65,
        "seed-file-version": 65,
        "seed-file-damaged": 65,
        "seed-file-too-costly": 65,
        "seed-file-membership": 65,
        "public-id-given": 65,
        "seed-given": 65,
        "picture-foreign": 65,
        "picture-too-large": 65,
        "picture-damaged": 65,
        "picture-no-code": 65,
        "picture-other-code": 65,
        "picture-several-codes": 65,
        "picture-pairing-link": 65,
        "picture-reader": 65,
        "picture-unreadable": 66,
        "picture-exists": 73,
        "picture-library": 74,
        "picture-not-written": 74,
        "seed-guessable": 65,
        "fingerprint-differs": 65,
        "several-copies": 64,
        "store-unreachable": 50,
        "service-unreachable": 50,
        "store-denied": 51,
        "chain-full": 51,
        "service-refused": 51,
        "service-clock": 51,
        "registration-closed": 51,
        "invitation-needed": 51,
        "too-many-revocations": 51,
        "chain-unknown": 51,
        "account-deleted": 51,
        "service-untrusted": 52,
        "service-unreadable": 52,
        "store-unreadable": 52,
        "store-refuses-name": 52,
        "store-untrusted": 52,
        "bucket-missing": 52,
        "time-out-of-range": 52,
        "not-read-back": 52,
        "not-held": 53,
        "device-removed": 53,
        "certificate-ended": 53,
        "device-holds-seed": 53,
        "collection-name": 64,
        "identifier": 64,
        "object-twice": 64,
        "too-many-collections": 64,
        "bucket-address": 64,
        "service-address": 64,
        "chain-place-plain": 64,
        "several-devices": 64,
        "record-too-large": 65,
        "content": 65,
        "reason-too-long": 64,
        "same-chain": 64,
        "collection-limit": 65,
        "collection-too-large": 65,
        "keys-used-up": 65,
        "membership-unreadable": 65,
        "certificate-unreadable": 65,
        "certificate-not-signed": 65,
        "device-file-damaged": 65,
        "object-missing": 66,
        "chain-missing": 66,
        "attribute-missing": 66,
        "device-unknown": 66,
        "request-unknown": 66,
        "collection-unknown": 75,
        "service-busy": 75,
        "chain-place-missing": 78,
        "bucket-keys-missing": 78,
        "demo-store-missing": 66,
        "demo-store-failed": 75,
        "invitation-file": 66,
        "listing-failed": 66,
        "listing-too-large": 65,
        "no-seed-stored": 66,
        "no-copy": 66,
        "passphrase-file": 66,
        "passphrase-file-open-to-others": 77,
        "nobody-to-ask": 66,
        "internal": 70,
        "derived-key-refused": 70,
        "signature-refused": 70,
        "other-seed-stored": 73,
        "seed-stored": 73,
        "membership-stored": 73,
        "membership-ended": 65,
        "membership-not-kept": 74,
        "membership-too-large": 64,
        "store-missing": 73,
        "store-read-only": 77,
        "store-full": 74,
        "store-failed": 74,
        "store-unsuitable": 74,
        "input-failed": 74,
        "output-failed": 74,
        "too-few-files": 74,
        "store-busy": 75,
        "store-overloaded": 75,
        "memory-short": 75,
        "passphrase-needed": 77,
        "wrong-passphrase": 77,
        "wrong-restore-code": 77,
        "copy-not-opened": 77,
        "store-open-to-others": 77,
        "store-not-ours": 77,
        "store-unfit": 77,
        "store-forbidden": 77,
        "cannot-listen": 74,
        "relay-stopped": 70,
        "bad-certificate": 78,
        "bad-key-file": 78,
        "bad-message-file": 78,
        "bad-fleet": 78,
        "unknown-setting": 78,
        "bad-setting": 78,
        "settings-file": 78,
    ]
}
