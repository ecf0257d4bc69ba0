package cli

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"hubbub/ui/words"
)

// helpWidth is how wide help is at most, in columns.
const helpWidth = 79

// addHelp makes the help of all commands fit the terminal, and a command line
// that cannot be used an error of one line that names the help it needs.
func (r *root) addHelp(cmd *cobra.Command) {
	width := helpWidth
	if isTerminal(r.streams.Out) {
		if w, _, err := term.GetSize(r.streams.Out.Fd()); err == nil && w > 20 {
			width = min(width, w-1)
		}
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{words.CLIUsage(err.Error(), cmd.CommandPath())}
	})
	cmd.SetUsageFunc(func(cmd *cobra.Command) error {
		cmd.Print(usageText(cmd, width))
		return nil
	})
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		about := cmd.Long
		if about == "" {
			about = cmd.Short + "."
		}
		cmd.SetOut(r.streams.Out)
		cmd.Println(fill(about, width) + "\n")
		cmd.SetErr(r.streams.Out) // where Print writes
		cmd.Print(usageText(cmd, width))
		cmd.SetErr(r.streams.Err)
	})
	cmd.SetHelpCommand(&cobra.Command{
		Use: "help [COMMAND]", Short: words.CLIHelpShort,
		RunE: func(help *cobra.Command, args []string) error {
			about, rest, err := help.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return &usageError{words.CLINoCommand(strings.Join(args, " "), nil, help.Root().CommandPath())}
			}
			return about.Help()
		},
	})
}

// group makes a command that only holds others: alone it shows its help.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = usage(cobra.NoArgs)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}

// usage makes what cobra says about arguments a usage error with a next step.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch err := check(cmd, args); {
		case err == nil:
			return nil
		case cmd.HasAvailableSubCommands():
			cmd.SuggestionsMinimumDistance = 2
			return &usageError{words.CLINoCommand(args[0], cmd.SuggestionsFor(args[0]), cmd.CommandPath())}
		case strings.ContainsRune(cmd.Use, ' '):
			return &usageError{words.CLIUseItSo(cmd.CommandPath(), cmd.Use)}
		default:
			return &usageError{words.CLINoArgument(args[0], cmd.CommandPath())}
		}
	}
}

// usageText is what a command can be given.
func usageText(cmd *cobra.Command, width int) string {
	var b strings.Builder
	line := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		line = cmd.CommandPath() + words.CLIHelpCommand
	}
	b.WriteString(words.CLIHelpUse + "\n  " + line + "\n")
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n%s\n", words.CLIHelpCommands)
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				b.WriteString(fill(fmt.Sprintf("  %-*s %s", sub.NamePadding(), sub.Name(), sub.Short), width) + "\n")
			}
		}
	}
	if flags := cmd.LocalFlags(); flags.HasAvailableFlags() {
		fmt.Fprintf(&b, "\n%s\n%s", words.CLIHelpFlags, flags.FlagUsagesWrapped(width))
	}
	if flags := cmd.InheritedFlags(); flags.HasAvailableFlags() {
		fmt.Fprintf(&b, "\n%s\n%s", words.CLIHelpEverywhere, flags.FlagUsagesWrapped(width))
	}
	return b.String()
}

// fill breaks text into lines of at most width columns. Lines that begin with
// a blank stay lines of their own, and hang below their second column.
func fill(text string, width int) string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		indent := len(line) - len(strings.TrimLeft(line, " "))
		last := len(out) - 1
		if indent == 0 && line != "" && last >= 0 && out[last] != "" && out[last][0] != ' ' {
			out[last] += " " + line
			continue
		}
		out = append(out, line)
	}
	for i, line := range out {
		hang := 0
		if body := strings.TrimLeft(line, " "); len(body) < len(line) {
			_, second, _ := strings.Cut(body, "  ")
			hang = len(line) - len(strings.TrimLeft(second, " "))
		}
		out[i] = hangAt(line, hang, width)
	}
	return strings.Join(out, "\n")
}

// hangAt breaks a line at blanks; all but the first are indented.
func hangAt(line string, indent, width int) string {
	var b strings.Builder
	for len(line) > width {
		cut := strings.LastIndexByte(line[:width+1], ' ')
		if cut <= indent {
			break
		}
		b.WriteString(strings.TrimRight(line[:cut], " ") + "\n")
		line = strings.Repeat(" ", indent) + strings.TrimLeft(line[cut:], " ")
	}
	return b.String() + line
}
