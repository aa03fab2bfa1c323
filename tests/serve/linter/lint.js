// Prints what @redocly/openapi-core says of an OpenAPI document, one problem a line; exits with 1
// where it says anything. Usage: node lint.js FOLDER_OF_NODE_MODULES DOCUMENT
const fs = require('fs');
const { lint, createConfig } = require(
	require.resolve('@redocly/openapi-core', { paths: [process.argv[2]] }));
const document = JSON.parse(fs.readFileSync(process.argv[3]));

// A WebSocket answers with 101, the only success that it has.
function isSocket(problem) {
	const [, , path, method] = problem.location[0].pointer.split('/');
	const operation = document.paths?.[path?.replaceAll('~1', '/')]?.[method];
	return problem.ruleId === 'operation-2xx-response' && operation?.responses['101'];
}

createConfig({ extends: ['recommended-strict'] })
	.then((config) => lint({ ref: process.argv[3], config }))
	.then((problems) => {
		const left = problems.filter((p) => !isSocket(p));
		for (const p of left)
			console.log(`${p.ruleId} ${p.location[0].pointer}: ${p.message}`);
		process.exitCode = left.length > 0 ? 1 : 0;
	});
