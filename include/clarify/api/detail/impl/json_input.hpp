// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_API_DETAIL_IMPL_JSON_INPUT_HPP
#define CLARIFY_API_DETAIL_IMPL_JSON_INPUT_HPP

namespace clarify::detail {

inline bool JsonInput::raw_string(std::string_view& out) {
    if (!expect(JsonKind::string, "a string")) return false;
    out = scanner_.value().text;
    return scanner_.ok();
}

inline bool JsonInput::string(std::string& out) {
    std::string_view raw;
    if (!raw_string(raw)) return false;
    out = json_unescape(raw);
    return true;
}

inline bool JsonInput::number(double& out) {
    if (!expect(JsonKind::number, "a number")) return false;
    const RawJson raw = scanner_.value();
    if (!scanner_.ok()) return false;
    const std::optional<double> value = json_real<double>(raw.text);
    if (!value) return fail(Reason::out_of_range, "expected a number that a double can hold");
    out = *value;
    return true;
}

inline bool JsonInput::boolean(bool& out) {
    if (!expect(JsonKind::boolean, "true or false")) return false;
    const RawJson raw = scanner_.value();
    out = raw.text == "true";
    return scanner_.ok();
}

inline bool JsonInput::integer(std::int64_t& out) {
    if (!expect(JsonKind::number, "an integer")) return false;
    const RawJson raw = scanner_.value();
    if (!scanner_.ok()) return false;
    const std::optional<std::int64_t> value = json_integer(raw.text);
    if (!value) return fail(Reason::out_of_range, "expected an integer of 64 bits");
    out = *value;
    return true;
}

template <class OnMember>
bool JsonInput::object(OnMember&& on_member) {
    if (!expect(JsonKind::object, "an object")) return false;
    return scanner_.object([&](std::string_view raw, JsonScanner&) {
        const JsonKey key{raw};
        if (!on_member(key)) inside(key.text());
    });
}

template <class OnElement>
bool JsonInput::array(OnElement&& on_element) {
    if (!expect(JsonKind::array, "an array")) return false;
    std::size_t index = 0;
    return scanner_.array([&](JsonScanner&) {
        if (!on_element()) inside(std::to_string(index));
        ++index;
    });
}

inline bool JsonInput::fail(Reason reason, std::string what) {
    if (reason_ != Reason::none || !scanner_.ok()) return false;
    reason_ = reason;
    what_ = std::move(what);
    return scanner_.fail(reason);
}

inline bool JsonInput::mismatch(const char* wanted) {
    static constexpr const char* found[] = {
        "null", "true or false", "a number", "a string", "an array", "an object"};
    const auto kind = static_cast<std::size_t>(next());
    return fail(Reason::mismatch, std::string{"expected "} + wanted + ", found " + found[kind]);
}

// The path is an RFC 6901 pointer. Its keys come from a peer: they are made printable and cut.
inline bool JsonInput::inside(std::string_view segment) {
    constexpr std::size_t longest_key = 48;
    std::string escaped = "/";
    for (const char c : printable(segment, longest_key)) {
        if (c == '~' || c == '/') {
            escaped += c == '~' ? "~0" : "~1";
        } else {
            escaped += c;
        }
    }
    path_.insert(0, escaped);
    return scanner_.fail(Reason::mismatch);
}

inline Error JsonInput::error() const {
    const bool broken = reason_ == Reason::none;
    std::string message = path_.empty() ? "" : path_ + ": ";
    message += broken ? "the text is not valid JSON" : what_;
    return Error{Errc::decode, broken ? scanner_.reason() : reason_, std::move(message)};
}

template <class Read>
Result<void> JsonInput::document(Read&& read) {
    if (scanner_.start() && read() && scanner_.finish()) return {};
    return error();
}

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_IMPL_JSON_INPUT_HPP
