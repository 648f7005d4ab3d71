// SPDX-License-Identifier: BSL-1.0
// Reads Clarify's error data in both of its shapes.

#ifndef CLARIFY_CORE_IMPL_RPC_ERROR_HPP
#define CLARIFY_CORE_IMPL_RPC_ERROR_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/rpc_error.hpp>

#include <cstddef>

namespace clarify {
namespace detail {

inline bool read_string(JsonScanner& scanner, std::string& out) {
    const RawJson value = scanner.value();
    if (value.kind == JsonKind::string) out = json_unescape(value.text);
    return value.kind == JsonKind::string;
}

using PathMessages = std::vector<std::pair<std::string, std::string>>;

/// What the lists in error data may take: short entries take far more memory than text, and one
/// long path may count for many messages.
class ListBudget {
public:
    /// True, and charged, if there is room for an entry with so much text.
    bool takes(std::size_t entry, std::size_t text) noexcept {
        const bool fits = entry <= left_ && text <= left_ - entry;
        left_ = fits ? left_ - entry - text : 0;
        return fits;
    }

private:
    std::size_t left_ = std::size_t{4} << 20U;
};

inline void add(
    PathMessages& out, ListBudget& budget, std::string_view path, std::string_view message) {
    if (!budget.takes(sizeof(PathMessages::value_type), path.size() + message.size())) return;
    out.emplace_back(path, message);
}

/// Reads `{"path": ["message", ...], ...}`; a plain string in place of the array counts as one.
inline void read_path_messages(RawJson object, PathMessages& out, ListBudget& budget) {
    if (object.kind != JsonKind::object) return;
    JsonScanner scanner{object.text, json_depth_ceiling};
    scanner.object([&](std::string_view raw_key, JsonScanner& at) {
        const RawJson messages = at.value();
        const std::string path = json_unescape(raw_key);
        if (messages.kind == JsonKind::string) add(out, budget, path, json_unescape(messages.text));
        if (messages.kind != JsonKind::array) return;
        JsonScanner list{messages.text, json_depth_ceiling};
        list.array([&](JsonScanner& element) {
            std::string message;
            if (read_string(element, message)) add(out, budget, path, message);
        });
    });
}

/// Reads `[{"path": "params.x", "error": "message"}, ...]`.
inline void read_path_errors(RawJson array, PathMessages& out, ListBudget& budget) {
    if (array.kind != JsonKind::array) return;
    JsonScanner scanner{array.text, json_depth_ceiling};
    scanner.array([&](JsonScanner& element) {
        const RawJson entry = element.value();
        if (entry.kind != JsonKind::object) return;
        std::string path;
        std::string message;
        JsonScanner members{entry.text, json_depth_ceiling};
        members.object([&](std::string_view key, JsonScanner& at) {
            if (key_is(key, "path")) {
                read_string(at, path);
            } else if (key_is(key, "error")) {
                read_string(at, message);
            } else {
                at.value();
            }
        });
        if (path.starts_with("params.")) path.erase(0, std::string_view{"params."}.size());
        add(out, budget, path, message);
    });
}

inline void read_invalid_resources(
    RawJson array, std::vector<InvalidResource>& out, ListBudget& budget) {
    if (array.kind != JsonKind::array) return;
    JsonScanner scanner{array.text, json_depth_ceiling};
    scanner.array([&](JsonScanner& element) {
        const RawJson entry = element.value();
        if (entry.kind != JsonKind::object) return;
        InvalidResource resource;
        JsonScanner members{entry.text, json_depth_ceiling};
        members.object([&](std::string_view key, JsonScanner& at) {
            if (key_is(key, "id")) {
                read_string(at, resource.id);
            } else if (key_is(key, "type")) {
                read_string(at, resource.type);
            } else if (key_is(key, "message")) {
                read_string(at, resource.message);
            } else if (key_is(key, "invalidFields")) {
                read_path_messages(at.value(), resource.invalid_fields, budget);
            } else {
                at.value();
            }
        });
        const std::size_t text =
            resource.id.size() + resource.type.size() + resource.message.size();
        if (budget.takes(sizeof resource, text)) out.push_back(std::move(resource));
    });
}

}  // namespace detail

CLARIFY_DECL ErrorData RpcError::clarify_data() const {
    using namespace detail;
    ErrorData result;
    JsonScanner scanner{data, json_depth_ceiling};
    const RawJson whole = scanner.document();
    if (whole.kind == JsonKind::string) result.text = json_unescape(whole.text);
    if (whole.kind != JsonKind::object) return result;
    ListBudget budget;
    JsonScanner members{whole.text, json_depth_ceiling};
    members.object([&](std::string_view key, JsonScanner& at) {
        const RawJson value = at.value();
        if (key_is(key, "trace")) {
            if (value.kind == JsonKind::string) result.trace = json_unescape(value.text);
        } else if (key_is(key, "params")) {
            read_path_messages(value, result.params, budget);
        } else if (key_is(key, "pathErrors")) {
            read_path_errors(value, result.params, budget);
        } else if (key_is(key, "invalidResources")) {
            read_invalid_resources(value, result.invalid_resources, budget);
        } else if (key_is(key, "partialResult")) {
            result.partial_result = value.text;
        }
    });
    return result;
}

}  // namespace clarify

#endif  // CLARIFY_CORE_IMPL_RPC_ERROR_HPP
