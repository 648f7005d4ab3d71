// SPDX-License-Identifier: BSL-1.0
// The rules that a save is held to, attribute by attribute.

#ifndef CLARIFY_API_DETAIL_IMPL_RESOURCE_CHECK_HPP
#define CLARIFY_API_DETAIL_IMPL_RESOURCE_CHECK_HPP

#include <clarify/api/detail/resource_check.hpp>
#include <clarify/api/patterns.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/json_text.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace clarify::detail {
namespace resource {

/// How many characters a text has; nothing where it is not UTF-8.
inline std::optional<std::size_t> length_of(std::string_view text) {
    std::size_t count = 0;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const std::size_t length = utf8_sequence(at, end);
        if (length == 0) return std::nullopt;
        at += length;
        ++count;
    }
    return count;
}

/// Notes faults of one resource.
class Checker {
public:
    Checker(std::string_view path, FieldErrors& errors) : path_(path), errors_(errors) {}

    void text(
        const std::string& path,
        std::string_view value,
        std::size_t most = std::string_view::npos,
        std::size_t least = 0) {
        const std::optional<std::size_t> length = length_of(value);
        if (!length) return errors_.add(path, "is not UTF-8");
        if (*length < least) errors_.add(path, "is empty");
        if (*length > most)
            errors_.add(path, "has more than " + std::to_string(most) + " characters");
    }
    void duration(std::string_view name, const std::optional<FixedDuration>& value) {
        if (value && value->value().count() < 0) errors_.add(member(name), "is negative");
    }

    void attributes(const Attributes& of) {
        text(member("name"), of.name, 128, 1);
        text(member("description"), of.description, 1000);
        text(member("engUnit"), of.eng_unit);
        text(member("valueType"), of.value_type.text());
        text(member("sourceType"), of.source_type.text());
        duration("sampleInterval", of.sample_interval);
        duration("gapDetection", of.gap_detection);
        for (const auto& [key, values] : of.labels) {
            const std::string path = field_path(member("labels"), key);
            if (!is_label_key(key))
                errors_.add(path, "is not a valid label key: 1 to 128 letters, digits and - _ /");
            for (const std::string& value : values)
                text(path, value);
        }
        for (const auto& [state, name] : of.enum_values) {
            const std::string path = field_path(member("enumValues"), std::to_string(state));
            if (!is_enum_state(state)) errors_.add(path, "is not a valid state: 0 to 9999");
            text(path, name, 128, 1);
        }
    }
    void annotations(const Annotations& of) {
        for (const auto& [key, value] : of) {
            const std::string path = field_path(member("annotations"), key);
            if (!is_annotation_key(key))
                errors_.add(
                    path, "is not a valid annotation key: 1 to 128 letters, digits and - _ /");
            text(path, value);
        }
    }

private:
    std::string member(std::string_view name) const { return field_path(path_, name); }

    std::string_view path_;
    FieldErrors& errors_;
};

}  // namespace resource

CLARIFY_DECL void check(const SignalSave& save, std::string_view path, FieldErrors& errors) {
    resource::Checker checker{path, errors};
    checker.attributes(save);
    checker.annotations(save.annotations);
}

CLARIFY_DECL void check(const ItemSave& save, std::string_view path, FieldErrors& errors) {
    resource::Checker checker{path, errors};
    checker.attributes(save);
    checker.annotations(save.annotations);
}

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_IMPL_RESOURCE_CHECK_HPP
