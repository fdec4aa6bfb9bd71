import SwiftProtobuf

/// The content of a record of version 0: one change of one object (`Protocol/version-0.md`, "Contents").
public struct Version0Content: Hashable, Sendable {
    /// The kind of the change.
    public enum Action: String, Hashable, Sendable, CaseIterable {
        /// It was made.
        case create
        /// Some of its members, or all, were changed.
        case update
        /// It was deleted.
        case delete
    }

    /// The object, with the members that the record holds.
    public enum Object: Hashable, Sendable {
        /// A bookmark or a folder.
        case bookmark(Bookmark)
        /// A visit to a page.
        case visit(HistoryVisit)
        /// A setting for some sites.
        case siteSetting(SiteSetting)
        /// A device of the chain: its name, and a second id of six hex digits that later versions gave it.
        case device(name: String, id: String)
    }

    /// The kind of the change; nil for an action that is not known.
    public let action: Action?

    /// The device that wrote: a number up to 255, which two devices could have at once; nil if it is missing.
    public let device: UInt8?

    /// The id of the object in lower-case hex, mostly 32 digits.
    public let objectID: String

    /// The object; nil for a kind that is not known.
    public let object: Object?

    /// Reads the plaintext of a record; nil if it is no such content.
    public init?(_ record: Version0Record) {
        guard let message = try? Easysetup_Version0_SyncRecord(serializedBytes: record.plaintext) else { return nil }
        action =
            switch message.action {
            case .create: .create
            case .update: .update
            case .delete: .delete
            case .UNRECOGNIZED: nil
            }
        device = message.deviceID.count == 1 ? message.deviceID.first : nil
        objectID = Self.hex(message.objectID)
        // Of several kinds the first one counts, as it did for those that wrote these records.
        do {
            if message.hasBookmark {
                let bookmark = try Easysetup_Version0_Bookmark(serializedBytes: [UInt8](message.bookmark))
                object = .bookmark(Bookmark(bookmark))
            } else if message.hasHistorySite {
                let site = try Easysetup_Version0_Site(serializedBytes: [UInt8](message.historySite))
                object = .visit(HistoryVisit(site))
            } else if message.hasSiteSetting {
                let setting = try Easysetup_Version0_SiteSetting(serializedBytes: [UInt8](message.siteSetting))
                object = .siteSetting(SiteSetting(setting))
            } else if message.hasDevice {
                let device = try Easysetup_Version0_Device(serializedBytes: [UInt8](message.device))
                object = .device(name: device.name, id: device.deviceIDV2)
            } else {
                object = nil
            }
        } catch {
            return nil
        }
    }

    fileprivate static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

/// The members that a message holds: those that its list names; all, if it names none.
private struct Members {
    let names: [String]

    func value<Value>(_ name: String, _ value: Value) -> Value? {
        names.isEmpty || names.contains(name) ? value : nil
    }
}

extension String {
    /// Nil in place of an empty text, which stood for a member that there was not.
    fileprivate var unlessEmpty: String? { isEmpty ? nil : self }
}

extension UInt64 {
    /// Nil in place of 0, which stood for a time that there was not.
    fileprivate var unlessZero: UInt64? { self == 0 ? nil : self }
}

extension Bookmark {
    fileprivate init(_ message: Easysetup_Version0_Bookmark) {
        let members = Members(names: message.fields)
        // A site comes as a whole or not at all.
        let site = message.hasSite ? members.value("site", message.site) : nil
        self.init(
            location: site?.location.unlessEmpty,
            title: site?.title.unlessEmpty,
            customTitle: site?.customTitle.unlessEmpty,
            favicon: site?.favicon.unlessEmpty,
            created: site?.creationTime.unlessZero,
            lastVisited: site?.lastAccessedTime.unlessZero,
            isFolder: members.value("isFolder", message.isFolder),
            parent: message.parentFolderObjectID.isEmpty ? nil : Version0Content.hex(message.parentFolderObjectID),
            order: message.order.unlessEmpty,
            isOutsideToolbar: members.value("hideInToolbar", message.hideInToolbar),
            notes: message.metaInfo.isEmpty
                ? nil : Dictionary(message.metaInfo.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        )
    }
}

extension HistoryVisit {
    fileprivate init(_ message: Easysetup_Version0_Site) {
        self.init(
            location: message.location.unlessEmpty,
            title: message.title.unlessEmpty,
            customTitle: message.customTitle.unlessEmpty,
            favicon: message.favicon.unlessEmpty,
            created: message.creationTime.unlessZero,
            lastVisited: message.lastAccessedTime.unlessZero
        )
    }
}

extension SiteSetting {
    fileprivate init(_ message: Easysetup_Version0_SiteSetting) {
        let members = Members(names: message.fields)
        self.init(
            hostPattern: message.hostPattern.unlessEmpty,
            zoomLevel: members.value("zoomLevel", message.zoomLevel),
            shieldsUp: members.value("shieldsUp", message.shieldsUp),
            ads: members.value("adControl", message.adControl).flatMap(Ads.init),
            cookies: members.value("cookieControl", message.cookieControl).flatMap(Cookies.init),
            safeBrowsing: members.value("safeBrowsing", message.safeBrowsing),
            noScript: members.value("noScript", message.noScript),
            httpsEverywhere: members.value("httpsEverywhere", message.httpsEverywhere),
            fingerprintingProtection: members.value("fingerprintingProtection", message.fingerprintingProtection),
            payments: members.value("ledgerPayments", message.ledgerPayments),
            paymentsShown: members.value("ledgerPaymentsShown", message.ledgerPaymentsShown)
        )
    }
}

extension SiteSetting.Ads {
    fileprivate init?(_ value: Easysetup_Version0_SiteSetting.AdControl) {
        switch value {
        case .showReplacedAds: self = .replaced
        case .blockAds: self = .blocked
        case .allowAdsAndTracking: self = .allowed
        case .UNRECOGNIZED: return nil
        }
    }
}

extension SiteSetting.Cookies {
    fileprivate init?(_ value: Easysetup_Version0_SiteSetting.CookieControl) {
        switch value {
        case .blockThirdPartyCookie: self = .foreignBlocked
        case .allowAllCookies: self = .allowed
        case .blockAllCookies: self = .blocked
        case .UNRECOGNIZED: return nil
        }
    }
}
