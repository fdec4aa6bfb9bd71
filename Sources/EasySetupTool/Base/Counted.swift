extension Int {
    /// The number and its noun for a person: 1 name, 2 names.
    /// - Parameter noun: the noun in the singular; its plural has an s.
    func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
