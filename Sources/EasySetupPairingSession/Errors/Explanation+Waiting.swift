import EasySetupSeed

extension Explanation {
    /// A copy of this explanation with an advice to wait. The advice names the time as `{seconds}`, or says "a little"
    /// if `wait` is zero.
    func advising(_ wait: Duration, _ advice: (String) -> String) -> Explanation {
        let seconds = Int((wait / .seconds(1)).rounded(.up))
        guard seconds > 0 else {
            return Explanation(
                key: "\(key).a-little",
                sentence: sentence,
                advice: advice("Wait a little"),
                parameters: parameters
            )
        }
        return Explanation(
            key: key,
            sentence: sentence,
            advice: advice("Wait {seconds} s"),
            parameters: parameters + [Parameter(name: "seconds", value: "\(seconds)")]
        )
    }
}
