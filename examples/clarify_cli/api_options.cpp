// SPDX-License-Identifier: BSL-1.0
// Commands, options and examples of what knows signals, items and samples.

#include "api_options.hpp"

#include <CLI/CLI.hpp>

namespace clarify_cli {
namespace {

constexpr const char* list_examples =
    R"(A table on a terminal, one JSON object a line in a pipe. A filter is JSON, as the API has it.

Examples:
  clarify signals --label site=pier
  clarify items --filter '{"name":{"$regex":"pump"}}' --limit 20
  clarify items --sort name --sort=-createdAt
  clarify items --json | jq -r .id

)";

constexpr const char* publish_examples =
    R"(Each signal that no item shows as it is becomes an item, or has its item updated, which keeps its visibility; so
only what is new or has changed is published, and the command may be repeated at will. A signal without a name
is shown by its input key. What was published is listed as the lists of signals and items are: a table on a
terminal, one JSON object a line in a pipe; standard error says how many signals were looked at.

Examples:
  clarify publish                             all signals of the integration
  clarify publish --label site=pier --dry-run
  clarify publish --filter '{"input":{"$regex":"^pump/"}}'

)";

constexpr const char* insert_examples =
    R"(CSV as RFC 4180 has it: fields may be in quotes, and then have line breaks in them; the delimiter is found in
the first line, which names the columns. One of them is the time (`time` or `timestamp`, else the first), the
others are input keys. With the columns time, input and value, each line is one sample. Blanks around a field do
not count.

A time is RFC 3339 with an offset, also with a blank for the T or without seconds; with --time-zone it may lack
the offset; with --time-format it is whatever that says. A value is a decimal number with or without a sign. One
that is missing is an empty field, null, NaN, NA, N/A, None, \N, #N/A or the like.

A line that cannot be understood is reported by its number and left out, the others are inserted; the exit code
is then 2. After an interruption the same command goes on where it was: FILE.progress remembers it until the
end, for the same server, options and bytes. Standard input has no such memory: what trickles in is inserted
every five seconds, and an interruption inserts what has come. A sample that the service rejects is reported and
left out; the exit code is then 1.

With --follow it goes on at the end of FILE, or of standard input, until SIGINT or SIGTERM: what comes, from
however many writers, is gathered into about one insert a second. A file that is cut begins anew; where the name
goes to another file, what is left of the old one is read first, and the new one may name its columns again or go
on without. FILE need not be there yet. Where the network or the service is away, samples wait for as long as
it takes: with --spool in that file, which outlives the process and a power cut and belongs to one process at a
time; without it in FILE, which FILE.progress remembers the place in, or in memory for standard input and
pipes. In the end what waits has the time of --drain, and standard error says what is left. Then the exit code is
0 where all is inserted, or waits in the spool or in FILE; 1 where samples were rejected, 2 where lines were left
out, 3 where samples are lost. A second signal ends it at once.

What follows may run for years. SIGHUP has it read the files of --credentials, --ca-file, --client-certificate,
--client-key and --crl-file at once, and say what has changed; one that cannot be used changes nothing. They are
followed without it, and so is FILE, whose place is kept. It ends with the terminal that it was started at,
unless under nohup. Nobody is waited for to read standard error. A service manager hears READY, RELOADING,
STOPPING and WATCHDOG (NOTIFY_SOCKET), and its journal the level of each line.

Examples:
  clarify insert samples.csv
  clarify insert export.csv --prefix plant-1/ --skip comment
  clarify insert excel.csv --decimal , --time-format '%d.%m.%Y %H:%M' --time-zone Europe/Oslo
  clarify insert device.csv --time-format epoch-ms
  zcat archive.csv.gz | clarify insert -
  clarify insert --follow /var/log/plant.csv --spool /var/lib/plant/samples.spool
  read-the-bus | clarify insert --follow --spool samples.spool

)";

constexpr const char* data_examples =
    R"(A table on a terminal, CSV in a pipe. Times are RFC 3339, or a date, or relative to now: -7d, -36h, now. A
date, and a time without an offset, is that of the clocks of --time-zone.
With a rollup there are five values for each item: count, min, max, sum and avg. The table has names, six digits
and the clocks of --time-zone; CSV and JSON have identifiers, all digits and UTC.

Examples:
  clarify data cbpmaq6rpn52969vfl00 --from -7d --rollup PT1H
  clarify data --label site=pier --from 2026-01-01 --to 2026-02-01 --rollup P1D --time-zone Europe/Oslo >jan.csv
  clarify data cbpmaq6rpn52969vfl00 --from -24h --plot
  clarify data cbpmaq6rpn52969vfl00 --from -24h --plot=day.svg

)";

void add_filter(CLI::App& app, FilterArguments& filter) {
    app.add_option("--filter", filter.json, "Which ones, as JSON")->type_name("JSON");
    // An argument behind it is no second label.
    app.add_option("--label", filter.labels, "Only those with this label; may be repeated")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
}

void add_csv(CLI::App& app, CsvOptions& csv) {
    app.add_option("--prefix", csv.prefix, "Put in front of every input key");
    app.add_option("--skip", csv.skip, "A column to leave out; may be repeated")
        ->type_name("NAME")
        ->allow_extra_args(false);
    app.add_option("--delimiter", csv.delimiter, "What separates the fields; default: as found")
        ->type_name("CHAR|tab")
        ->check([](const std::string& text) {
            const bool good = text == "tab" ||
                (text.size() == 1 && text != "\"" && text != "\n" && text != "\r" && text != " ");
            return good ? std::string{} : std::string{"is to be one character, or tab"};
        });
    app.add_option("--decimal", csv.decimal, "What separates the decimals; default: .")
        ->type_name(".|,")
        ->check(CLI::IsMember({".", ","}));
    app.add_option(
           "--time-format",
           csv.time_format,
           "epoch, epoch-ms, epoch-us, epoch-ns, or a pattern such as '%d.%m.%Y %H:%M:%S'")
        ->type_name("FORMAT");
    app.add_option("--time-zone", csv.time_zone, "Whose clocks show times without an offset")
        ->type_name("ZONE");
}

void add_follow(CLI::App& app, InsertCommand& insert) {
    CLI::Option* const follow =
        app.add_flag("--follow", insert.follow, "Go on with what is added, until interrupted");
    CLI::Option* const spool =
        app.add_option("--spool", insert.spool, "With --follow: where samples wait, on the disk")
            ->type_name("FILE")
            ->needs(follow);
    app.add_option_function<std::string>(
           "--spool-size",
           [&insert](const std::string& text) {
               constexpr std::size_t least = std::size_t{1} << 20U;
               insert.spool_size = parse_size(text);
               if (!insert.spool_size || *insert.spool_size < least) {
                   throw CLI::ValidationError{
                       "--spool-size", "is not a size from 1MiB on, such as 256MiB or 2GiB"};
               }
           },
           "How much it may take there; default 1GiB. Where it is full, nothing more is read")
        ->type_name("SIZE")
        ->needs(spool);
    app.add_option_function<std::string>(
           "--drain",
           [&insert](const std::string& text) {
               const auto time = parse_time(text);
               if (!time)
                   throw CLI::ValidationError{"--drain", "is not a time, such as 10 or 500ms"};
               insert.drain = *time;
           },
           "With --follow: how long what waits may take in the end; default 10s")
        ->type_name("TIME")
        ->needs(follow);
    app.callback([&insert] {
        if (!insert.file.empty()) return;
        if (!insert.follow) throw CLI::RequiredError{"FILE"};
        insert.file = "-";
    });
}

CLI::App* add_list(CLI::App& app, ListCommand& list, const char* name, const char* what) {
    CLI::App* const added = app.add_subcommand(name, what);
    add_filter(*added, list.filter);
    added->add_option("--limit", list.limit, "How many at most; default: all")->type_name("N");
    added
        ->add_option(
            "--sort",
            list.sort,
            "A field to sort by, or =-FIELD downwards; may be repeated; default: by identifier")
        ->type_name("FIELD")
        ->allow_extra_args(false);
    added->add_flag("--json", list.json, "JSON also on a terminal");
    added->footer(list_examples);
    return added;
}

}  // namespace

ApiCommands::ApiCommands(CLI::App& app) {
    apps.push_back(add_list(app, list, "signals", "List the signals of the integration"));
    apps.push_back(add_list(app, list, "items", "List the items of the organisation"));

    CLI::App* const publish_app = app.add_subcommand("publish", "Publish signals as items");
    add_filter(*publish_app, publish.filter);
    publish_app->add_flag(
        "--dry-run", publish.dry_run, "Change nothing, but say what would be published");
    publish_app->add_flag("--json", publish.json, "JSON also on a terminal");
    publish_app->footer(publish_examples);
    apps.push_back(publish_app);

    CLI::App* const insert_app = app.add_subcommand("insert", "Insert the samples of a CSV file");
    insert_app->add_option(
        "FILE", insert.file, "The file, or - for standard input, the default with --follow");
    add_csv(*insert_app, insert.csv);
    add_follow(*insert_app, insert);
    insert_app->add_flag("--restart", insert.restart, "Begin anew after an interruption");
    insert_app->add_flag("--quiet", insert.quiet, "No progress on standard error");
    insert_app->footer(insert_examples);
    apps.push_back(insert_app);

    CLI::App* const data_app = app.add_subcommand("data", "Read, or draw, the data of items");
    data_app->add_option("ITEM", data.items, "Identifiers of items");
    add_filter(*data_app, data.filter);
    data_app->add_option("--from", data.from, "The first time; default: -7d")->type_name("TIME");
    data_app->add_option("--to", data.to, "The time after the last; default: now")
        ->type_name("TIME");
    data_app->add_option("--rollup", data.rollup, "Width of buckets, such as PT1H, P1D; or window")
        ->type_name("DURATION");
    data_app
        ->add_option(
            "--time-zone", data.time_zone, "Whose clocks buckets and dates follow; default UTC")
        ->type_name("ZONE");
    data_app->add_option("--format", data.format, "table, csv or json")
        ->check(CLI::IsMember({"table", "csv", "json"}));
    data_app
        ->add_flag("--plot{-}", data.plot, "Draw it in the terminal, or with =FILE.svg to a file")
        ->type_name("FILE");
    data_app->footer(data_examples);
    apps.push_back(data_app);
}

std::optional<ParsedCommand> ApiCommands::parsed(const CommonOptions& common) const {
    const auto with = [&common](auto command) {
        command.common = common;
        return ParsedCommand{std::move(command)};
    };
    if (apps[0]->parsed() || apps[1]->parsed()) {
        ListCommand command = list;
        command.items = apps[1]->parsed();
        return with(std::move(command));
    }
    if (apps[2]->parsed()) return with(publish);
    if (apps[3]->parsed()) return with(insert);
    if (apps[4]->parsed()) return with(data);
    return std::nullopt;
}

}  // namespace clarify_cli
