/// The settings of a person for some sites, as a ready type for a collection of a chain. Its members are attributes as those
/// of ``Bookmark``; a member that is nil was not set.
public struct SiteSetting: Codable, Hashable, Sendable {
    /// The treatment of advertisements.
    public enum Ads: String, Codable, Hashable, Sendable, CaseIterable {
        /// They are replaced by others.
        case replaced
        /// They are blocked.
        case blocked
        /// They are shown, and trackers are let through.
        case allowed
    }

    /// The treatment of cookies.
    public enum Cookies: String, Codable, Hashable, Sendable, CaseIterable {
        /// Those of other sites are blocked.
        case foreignBlocked = "foreign-blocked"
        /// All are taken.
        case allowed
        /// All are blocked.
        case blocked
    }

    /// The sites, such as `https?://example.com`.
    public var hostPattern: String?
    /// How much larger pages are drawn: 0 as they are, each step a fifth larger.
    public var zoomLevel: Float?
    /// Whether the protections below are on at all.
    public var shieldsUp: Bool?
    /// The treatment of advertisements.
    public var ads: Ads?
    /// The treatment of cookies.
    public var cookies: Cookies?
    /// Whether pages that are known to do harm are blocked.
    public var safeBrowsing: Bool?
    /// Whether scripts are blocked.
    public var noScript: Bool?
    /// Whether plain connections are replaced by encrypted ones.
    public var httpsEverywhere: Bool?
    /// Whether pages are kept from recognising the device.
    public var fingerprintingProtection: Bool?
    /// Whether the site may be paid.
    public var payments: Bool?
    /// Whether the site is shown among those that may be paid.
    public var paymentsShown: Bool?

    /// Makes settings from their members.
    public init(
        hostPattern: String? = nil,
        zoomLevel: Float? = nil,
        shieldsUp: Bool? = nil,
        ads: Ads? = nil,
        cookies: Cookies? = nil,
        safeBrowsing: Bool? = nil,
        noScript: Bool? = nil,
        httpsEverywhere: Bool? = nil,
        fingerprintingProtection: Bool? = nil,
        payments: Bool? = nil,
        paymentsShown: Bool? = nil
    ) {
        self.hostPattern = hostPattern
        self.zoomLevel = zoomLevel
        self.shieldsUp = shieldsUp
        self.ads = ads
        self.cookies = cookies
        self.safeBrowsing = safeBrowsing
        self.noScript = noScript
        self.httpsEverywhere = httpsEverywhere
        self.fingerprintingProtection = fingerprintingProtection
        self.payments = payments
        self.paymentsShown = paymentsShown
    }
}
