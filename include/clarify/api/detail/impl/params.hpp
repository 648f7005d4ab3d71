// SPDX-License-Identifier: BSL-1.0
// One object a method: its parameters are checked all together, then written.

#ifndef CLARIFY_API_DETAIL_IMPL_PARAMS_HPP
#define CLARIFY_API_DETAIL_IMPL_PARAMS_HPP

#include <clarify/api/detail/params.hpp>
#include <clarify/api/detail/resource_check.hpp>
#include <clarify/api/patterns.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/json_writer.hpp>

namespace clarify::detail {
namespace params {

inline constexpr std::size_t most_resources = 1000;
inline constexpr std::size_t most_items = 50;

inline void check_integration(std::string_view integration, FieldErrors& errors) {
    if (integration.empty())
        errors.add("integration", "is needed: the client was not made from credentials");
    else if (!is_resource_id(integration))
        errors.add("integration", "is not a valid identifier: 20 of 0 to 9 and a to v");
}

inline void write_integration(JsonWriter& out, std::string_view integration) {
    out.key("integration");
    out.string(integration);
}

/// `include` and `format`, always, because what servers answer otherwise differs from method to
/// method. Resources come in an array, data frames as one.
inline void write_form(JsonWriter& out, bool include_items, bool as_array) {
    if (include_items) {
        out.key("include");
        out.raw(R"(["item"])");
    }
    out.key("format");
    out.raw(
        as_array ? R"({"dataAsArray":true,"groupIncludedByType":true})"
                 : R"({"dataAsArray":false,"groupIncludedByType":true})");
}

/// Writes an object, unless there are errors. Where it fails, `out` is as before.
template <class WriteMembers>
Result<void> write(std::string& out, const FieldErrors& errors, WriteMembers&& write_members) {
    if (!errors.empty()) return errors.result();
    return append_json_document_by(out, [&](JsonWriter& writer) {
        writer.open('{');
        write_members(writer);
        writer.close('}');
    });
}

/// The integration is valid, so that nothing in it needs an escape.
inline void begin_insert(std::string& out, std::string_view integration) {
    out += R"({"integration":")";
    out += integration;
    out += R"(","data":)";
}

template <class Save>
Result<void> write_saves(std::string& out, const SaveParams<Save>& params, bool by_input) {
    FieldErrors errors;
    check_integration(params.integration, errors);
    if (params.saves.empty()) errors.add(params.member, "is empty");
    for (const auto& [key, save] : params.saves) {
        const std::string path = field_path(params.member, key);
        if (by_input && !is_input_key(key))
            errors.add(
                path, "is not a valid input key: 1 to 128 letters, digits and - _ : . # + /");
        if (!by_input && !is_resource_id(key))
            errors.add(path, "is not a valid identifier of a signal");
        check(save, path, errors);
    }
    return write(out, errors, [&](JsonWriter& writer) {
        write_integration(writer, params.integration);
        writer.key(params.member);
        writer.open('{');
        for (const auto& [key, save] : params.saves) {
            writer.key(key);
            write_json(writer, save);
        }
        writer.close('}');
        writer.key("createOnly");
        writer.boolean(params.create_only);
    });
}

}  // namespace params

CLARIFY_DECL Result<void> append_json_text(std::string& out, const InsertParams& params) {
    FieldErrors errors;
    params::check_integration(params.integration, errors);
    check(params.data, "data", errors);
    if (!errors.empty()) return errors.result();
    const std::size_t before = out.size();
    params::begin_insert(out, params.integration);
    const Result<void> written = append_json_text(out, params.data);
    if (!written) {
        out.resize(before);
        return written;
    }
    out += '}';
    return {};
}

CLARIFY_DECL Result<void> check_insert(std::string_view integration, const SampleTable& samples) {
    FieldErrors errors;
    params::check_integration(integration, errors);
    check(samples, "data", errors);
    return errors.result();
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, const InsertPartParams& params) {
    params::begin_insert(out, params.integration);
    append_json(out, params.part);
    out += '}';
    return {};
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, const SaveParams<SignalSave>& params) {
    return params::write_saves(out, params, true);
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, const SaveParams<ItemSave>& params) {
    return params::write_saves(out, params, false);
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, const SelectParams& params) {
    FieldErrors errors;
    if (params.integration.data() != nullptr) params::check_integration(params.integration, errors);
    check(params.query, "query", params::most_resources, errors);
    return params::write(out, errors, [&](JsonWriter& writer) {
        if (params.integration.data() != nullptr)
            params::write_integration(writer, params.integration);
        writer.key("query");
        write_json(writer, params.query);
        params::write_form(writer, params.include_items, true);
    });
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, const ConnectParams& params) {
    FieldErrors errors;
    params::check_integration(params.integration, errors);
    check(params.query, "query", params::most_resources, errors);
    if (params.connects && !is_resource_id(params.item))
        errors.add("item", "is not a valid identifier of an item");
    return params::write(out, errors, [&](JsonWriter& writer) {
        params::write_integration(writer, params.integration);
        if (params.connects) {
            writer.key("item");
            writer.string(params.item);
        }
        writer.key("query");
        write_json(writer, params.query);
        if (params.dry_run) {
            writer.key("dryRun");
            writer.boolean(true);
        }
        params::write_form(writer, params.include_items, true);
    });
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, const DataFrameParams& params) {
    FieldErrors errors;
    check(params.query, "query", params::most_items, errors);
    // Some versions refuse to be asked.
    if (params.query.total) errors.add("query.total", "cannot be asked for with data");
    check(params.data, "data", errors);
    return params::write(out, errors, [&](JsonWriter& writer) {
        writer.key("query");
        write_json(writer, params.query);
        writer.key("data");
        write_json(writer, params.data);
        params::write_form(writer, params.include_items, false);
    });
}

CLARIFY_DECL Result<void> append_json_text(std::string& out, const EvaluateParams& params) {
    FieldErrors errors;
    check(params.query, errors);
    return params::write(out, errors, [&](JsonWriter& writer) {
        write_members(writer, params.query, params.api_version);
        params::write_form(writer, params.include_items, false);
    });
}

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_IMPL_PARAMS_HPP
